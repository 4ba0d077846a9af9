import { ConfigurationError } from '@gatehouse/service-kit';
import { authConfig } from '../../src/auth.config.js';
import { listPrivilegedScopes, listRoles } from '../../src/platform/resource-servers.js';

const production = {
  NODE_ENV: 'production',
  ISSUER: 'https://auth.example.org',
  SERVER_SECRET: 'pX4q0Vb0mJ0ZkU2n7yR9sT1wA5dF8gHj',
  RESOURCE_SERVERS: 'https://photos.example.org photos:read',
};

/** The settings that the error names. */
function faultsOf(env: Record<string, string>): string[] {
  try {
    authConfig(env);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const names = Object.keys({ ...production, SEED_DEMO: '', PORT: '' });
    return names.filter((name) => error.faults.some((fault) => fault.startsWith(`${name}:`)));
  }
}

describe('the configuration of auth', () => {
  it('requires no settings in development', () => {
    expect(authConfig({})).toMatchObject({ ISSUER: 'http://localhost:3000', PORT: 3000 });
    expect(authConfig({ PORT: '4000' }).ISSUER).toBe('http://localhost:4000');
  });

  it('freezes the configuration', () => {
    expect(Object.isFrozen(authConfig({}))).toBe(true);
  });

  it.each([
    [
      { RESOURCE_SERVERS: 'https://a.example a:read; x y' },
      /; "x" is no absolute URI without fragment$/,
    ],
    [{ RESOURCE_SERVERS: 'https://a.example' }, /; "https:\/\/a\.example" has no scope$/],
    [{ RATE_LIMITS: 'login=1/1 token=x' }, /; "token=x" is neither$/],
  ])('names the wrong entry of %j once', (env, words) => {
    expect(() => authConfig(env)).toThrow(words);
  });

  it('accepts complete production settings', () => {
    expect(faultsOf(production)).toEqual([]);
  });

  it.each<[string, Record<string, string>, string[]]>([
    [
      'missing settings',
      { NODE_ENV: 'production' },
      ['ISSUER', 'SERVER_SECRET', 'RESOURCE_SERVERS'],
    ],
    ['an http issuer', { ...production, ISSUER: 'http://auth.example.org' }, ['ISSUER']],
    ['a short secret', { ...production, SERVER_SECRET: 'short' }, ['SERVER_SECRET']],
    [
      'a short second secret',
      { ...production, SERVER_SECRET: `${production.SERVER_SECRET},x` },
      ['SERVER_SECRET'],
    ],
    ['demo data in production', { ...production, SEED_DEMO: 'true' }, ['SEED_DEMO']],
    [
      'several wrong settings at once',
      { ...production, ISSUER: 'http://a.example', SEED_DEMO: 'true', PORT: 'x' },
      ['ISSUER', 'SEED_DEMO', 'PORT'],
    ],
    ['a port out of range', { PORT: '99999' }, ['PORT']],
    [
      'a resource server without scopes',
      { RESOURCE_SERVERS: 'https://a.example' },
      ['RESOURCE_SERVERS'],
    ],
    [
      'a resource server that is not a URI',
      { RESOURCE_SERVERS: 'photos photos:read' },
      ['RESOURCE_SERVERS'],
    ],
    [
      'a fragment in a resource (RFC 8707 §2)',
      { RESOURCE_SERVERS: 'https://a.example/#x read' },
      ['RESOURCE_SERVERS'],
    ],
    ...[
      ['a privileged scope without a role', 'read:any@'],
      ['a privileged scope with an empty second role', 'read:any@staff@'],
      ['a role without a scope', 'read @staff'],
      ['a role that is not lower-case words', 'read:any@Staff'],
      ['a role of 65 characters', `read:any@${'a'.repeat(65)}`],
      ['a scope for services and for a role', 'create@service@staff'],
      ['a scope with two different roles', 'read:any@staff read:any@audit'],
      ['a privileged scope that a second server opens', 'x@staff; https://b.example x'],
      ['the same resource server twice', 'x; https://a.example y'],
      ['the same origin with and without a slash', 'x; https://A.example:443/ y'],
      ['a scope with a quotation mark (RFC 6749 §3.3)', 'read"'],
    ].map(([title, scopes]): [string, Record<string, string>, string[]] => [
      title ?? '',
      { RESOURCE_SERVERS: `https://a.example ${scopes}` },
      ['RESOURCE_SERVERS'],
    ]),
  ])('rejects %s, and names the settings', (_, env, names) => {
    expect(faultsOf(env)).toEqual(names);
  });

  it('ignores blanks and separators at the ends of RESOURCE_SERVERS', () => {
    const servers = (text: string) => authConfig({ RESOURCE_SERVERS: text }).RESOURCE_SERVERS;
    const expected = servers('https://a.example read@staff; https://b.example see');
    expect(servers(' https://a.example,  read@staff, ;\n https://b.example\tsee ;; ')).toEqual(
      expected,
    );
    expect(faultsOf({ RESOURCE_SERVERS: ' ; ' })).toEqual(['RESOURCE_SERVERS']);
  });

  it('names the scope and the right form in the fault of a privileged scope without a role', () => {
    expect(() => authConfig({ RESOURCE_SERVERS: 'https://a.example read:any@' })).toThrow(
      /"read:any@" names no role: write scope@role/,
    );
  });

  it('reads the roles of privileged scopes, and keeps the marks out of the scopes', () => {
    const { RESOURCE_SERVERS: servers } = authConfig({
      RESOURCE_SERVERS:
        'https://a.example read read:any@staff@audit create@service; https://b.example see@audit',
    });
    expect(servers.map(({ scopes }) => scopes)).toEqual([['read', 'read:any', 'create'], ['see']]);
    expect([...listPrivilegedScopes(servers)]).toEqual([
      ['read:any', ['staff', 'audit']],
      ['create', []],
      ['see', ['audit']],
    ]);
    expect(listRoles(servers)).toEqual(['audit', 'staff']);
  });

  it('closes registration in production, unless REGISTRATION opens it', () => {
    expect(authConfig({}).REGISTRATION).toBe('open');
    expect(authConfig(production).REGISTRATION).toBe('closed');
    const invited = { ...production, REGISTRATION: 'invited', SMTP_URL: 'smtp://mail.example' };
    expect(authConfig(invited).REGISTRATION).toBe('invited');
  });

  it('requires verified addresses in production, and a mail server for them', () => {
    expect(authConfig({}).EMAIL_VERIFICATION).toBe('optional');
    expect(authConfig(production).EMAIL_VERIFICATION).toBe('required');
    const open = { ...production, REGISTRATION: 'open' };
    expect(() => authConfig(open)).toThrow(/SMTP_URL: must be given.*EMAIL_VERIFICATION=optional/);
    const optional = { ...open, EMAIL_VERIFICATION: 'optional' };
    expect(authConfig(optional).EMAIL_VERIFICATION).toBe('optional');
  });

  it('never repeats a secret in an error', () => {
    expect(() => authConfig({ ...production, SERVER_SECRET: 'hunter2' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});
