import { ConfigurationError } from '@gatehouse/service-kit';
import { authConfig } from '../../src/auth.config.js';

const production = {
  NODE_ENV: 'production',
  ISSUER: 'https://auth.example.org',
  SERVER_SECRET: 'pX4q0Vb0mJ0ZkU2n7yR9sT1wA5dF8gHj',
  RESOURCE_SERVERS: 'https://orders.example.org orders:read',
};

/** The names that an error complains about. */
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
  it('needs nothing in development', () => {
    expect(authConfig({})).toMatchObject({ ISSUER: 'http://localhost:3000', PORT: 3000 });
    expect(authConfig({ PORT: '4000' }).ISSUER).toBe('http://localhost:4000');
  });

  it('is frozen', () => {
    expect(Object.isFrozen(authConfig({}))).toBe(true);
  });

  it('takes a complete production', () => {
    expect(faultsOf(production)).toEqual([]);
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['nothing given', { NODE_ENV: 'production' }, ['ISSUER', 'SERVER_SECRET', 'RESOURCE_SERVERS']],
    ['an http issuer', { ...production, ISSUER: 'http://auth.example.org' }, ['ISSUER']],
    ['a short secret', { ...production, SERVER_SECRET: 'short' }, ['SERVER_SECRET']],
    [
      'a short second secret',
      { ...production, SERVER_SECRET: `${production.SERVER_SECRET},x` },
      ['SERVER_SECRET'],
    ],
    ['the demo', { ...production, SEED_DEMO: 'true' }, ['SEED_DEMO']],
    [
      'faults of several settings and between them',
      { ...production, ISSUER: 'http://a.example', SEED_DEMO: 'true', PORT: 'x' },
      ['ISSUER', 'SEED_DEMO', 'PORT'],
    ],
    ['a port that is none', { PORT: '99999' }, ['PORT']],
    [
      'a resource server without scopes',
      { RESOURCE_SERVERS: 'https://a.example' },
      ['RESOURCE_SERVERS'],
    ],
    [
      'a resource server that is no URI',
      { RESOURCE_SERVERS: 'orders orders:read' },
      ['RESOURCE_SERVERS'],
    ],
    [
      'a fragment in a resource (RFC 8707 §2)',
      { RESOURCE_SERVERS: 'https://a.example/#x read' },
      ['RESOURCE_SERVERS'],
    ],
  ])('refuses %s, and says which', (_, env, names) => {
    expect(faultsOf(env)).toEqual(names);
  });

  it('tells no secret in a complaint', () => {
    expect(() => authConfig({ ...production, SERVER_SECRET: 'hunter2' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });
});
