import { TestIssuer } from '@gatehouse/guards/testing';
import { type Exit, RunningCommand } from '../support/running-command.js';
import { RESOURCES } from '../support/auth-api.js';

/** What the command was asked, in words of the shell. */
interface ExplainRequest {
  readonly by: string;
  readonly token?: string;
  readonly env?: Readonly<Record<string, string>>;
}

describe('npm run token:explain', () => {
  let issuer: TestIssuer;

  beforeAll(async () => {
    issuer = await TestIssuer.start({ audience: RESOURCES.orders });
  });
  afterAll(() => issuer.close());

  async function explain({ by, token = '', env = {} }: ExplainRequest): Promise<[Exit, string]> {
    const command = RunningCommand.start({
      file: 'bash',
      arguments: [
        '--norc',
        '-c',
        by.replace('explain', 'node tools/run.mjs token-explain --no-build'),
      ],
      env: { PATH: process.env['PATH'] ?? '', AUTH_ISSUER: issuer.issuer, TOKEN: token, ...env },
    });
    return [await command.exit, command.output];
  }

  it('accepts with the configuration of orders a token that orders accepts', async () => {
    const [exit, output] = await explain({ by: 'explain "$TOKEN"', token: issuer.accessToken() });

    expect(output).toContain('FOR INSPECTION ONLY');
    expect(output).toContain('✓ It is for this resource server  (RFC 9068 §4)');
    expect(output).toContain('ACCEPTED');
    expect(exit).toBe(0);
  });

  it('refuses the same token from standard input with the configuration of billing', async () => {
    const token = issuer.accessToken();
    const [exit, output] = await explain({
      by: 'printf "Bearer %s\\n" "$TOKEN" | explain --app billing -',
      token,
    });

    expect(output).toContain('✗ It is for this resource server  (RFC 9068 §4)');
    expect(output).toContain('REFUSED: wrong_audience');
    expect(exit).toBe(1);
  });

  it('shows every violated rule', async () => {
    const token = issuer.accessToken({ exp: 1, aud: 'x' }, { header: { typ: 'JWT' } });
    const [, output] = await explain({ by: 'explain "$TOKEN"', token });

    expect(output.match(/^ {2}✗/gm)).toHaveLength(3);
    expect(output).toContain('✓ The key signed it');
  });

  it('reads a configuration from flags', async () => {
    const { issuer: name, jwksUri, audience } = issuer;
    const own = `--issuer ${name} --audience ${audience} --algorithms RS256 --jwks-uri ${jwksUri}`;
    const token = issuer.accessToken();
    const [exit, output] = await explain({ by: `explain ${own} "$TOKEN"`, token });

    expect(output).toContain('REFUSED: refused_algorithm');
    expect(exit).toBe(1);
  });

  it('accepts no token that it cannot verify', async () => {
    const before = issuer.fetches;
    const token = issuer.accessToken();
    const [exit, output] = await explain({ by: 'explain --offline "$TOKEN"', token });

    expect(output).toContain('UNDECIDED');
    expect(exit).toBe(1);
    expect(issuer.fetches).toBe(before);
  });

  it('prints no signature and no control character of a token', async () => {
    const token = issuer.accessToken({ sub: '\u001b[2J\u009b2J\u202eecila', 'x\u001b': 1 });
    const [, output] = await explain({ by: 'explain "$TOKEN"', token });

    expect(output).not.toContain(token.split('.')[2]);
    expect(output).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    expect(output).toContain('sub: ');
  });

  it.each<[what: string, asked: ExplainRequest, words: string]>([
    ['an app that takes no tokens', { by: 'explain --app auth a.b.c' }, '--app is'],
    ['half a configuration', { by: 'explain --issuer https://a.example a.b.c' }, '--audience'],
    ['two tokens', { by: 'explain a.b.c d.e.f' }, 'One token at a time'],
    ['an unknown option', { by: 'explain --colour a.b.c' }, '--colour'],
    ['no token', { by: 'explain - </dev/null' }, 'no token'],
    ['an app that would not start', { by: 'explain a.b.c', env: { AUDIENCE: 'x' } }, 'AUDIENCE'],
    [
      'an algorithm that no configuration may allow',
      { by: 'explain --issuer https://a.example --audience x --algorithms HS256 a.b.c' },
      'RS512, not HS256',
    ],
  ])('ends with 2 and says how it is used: %s', async (_what, asked, words) => {
    const [exit, output] = await explain(asked);

    expect(output).toContain(words);
    expect(output).toContain('Usage: npm run token:explain');
    expect(exit).toBe(2);
  });
});
