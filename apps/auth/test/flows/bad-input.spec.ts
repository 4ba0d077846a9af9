import { request } from 'node:http';
import { DataSource } from 'typeorm';
import { PASSWORD, TestAuth } from '../support/test-auth.js';

const ODD_OBJECT = { length: { toString: 1 } };
const FORM = 'application/x-www-form-urlencoded';
const revoking = 'client_id=gatehouse-first-party&token=x';
const refreshing = 'grant_type=refresh_token&client_id=gatehouse-first-party&refresh_token=x';
const redeeming =
  'grant_type=authorization_code&client_id=public-client&redirect_uri=https://client.example/&code=x';

describe('bad input', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start();
    await auth.registerClient({ id: 'public-client', grantTypes: ['authorization_code'] });
  });
  afterAll(() => auth.stop());

  const rows = async () => {
    const counts = ['account', 'client', 'refresh_token_family', 'signing_key'].map(
      async (table) => {
        const [{ n }] = await auth.app.get(DataSource).query(`SELECT count(*) AS n FROM ${table}`);
        return n;
      },
    );
    return Promise.all(counts);
  };

  it.each<[string, string, string | undefined, string, number]>([
    ['malformed JSON', '/auth/login', 'application/json', '{"email"', 400],
    ['a JSON array', '/auth/login', 'application/json', '[]', 400],
    ['JSON null', '/auth/register', 'application/json', 'null', 400],
    ['an empty body', '/auth/login', 'application/json', '', 400],
    ['no body', '/auth/login', undefined, '', 400],
    [
      'a polluted prototype',
      '/auth/login',
      'application/json',
      '{"__proto__":{"email":"a@b.c"}}',
      400,
    ],
    [
      'members of the wrong type',
      '/auth/login',
      'application/json',
      '{"email":{"$ne":1},"password":["x"]}',
      400,
    ],
    ...['/auth/login', '/auth/register', '/auth/refresh', '/auth/logout'].map(
      (path): [string, string, string, string, number] => [
        'objects whose length cannot be compared',
        path,
        'application/json',
        JSON.stringify({ email: ODD_OBJECT, password: ODD_OBJECT, refresh_token: ODD_OBJECT }),
        400,
      ],
    ),
    [
      'deep nesting',
      '/auth/login',
      'application/json',
      `{"email":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      400,
    ],
    ['a form where JSON belongs', '/auth/login', FORM, 'email=a@b.c&password=x', 400],
    [
      'JSON sent as text/plain',
      '/auth/login',
      'text/plain',
      `{"email":"a@b.c","password":"${PASSWORD}"}`,
      415,
    ],
    ['a multipart body', '/auth/login', 'multipart/form-data; boundary=x', '--x--', 415],
    [
      'a body over the limit',
      '/auth/login',
      'application/json',
      JSON.stringify({ email: 'a'.repeat(20_000) }),
      413,
    ],
    ['a query', '/auth/login?email=a@b.c', 'application/json', '{}', 400],
    [
      'JSON where a form belongs',
      '/oauth/token',
      'application/json',
      '{"grant_type":"refresh_token"}',
      400,
    ],
    ['no content type', '/oauth/token', undefined, refreshing, 415],
    ['a repeated grant_type', '/oauth/token', FORM, `${refreshing}&grant_type=refresh_token`, 400],
    ['a repeated client_id', '/oauth/token', FORM, `${refreshing}&client_id=x`, 400],
    ['a repeated refresh_token', '/oauth/token', FORM, `${refreshing}&refresh_token=y`, 400],
    ['a repeated code', '/oauth/token', FORM, `${redeeming}&code=y`, 400],
    ['a repeated code_verifier', '/oauth/token', FORM, `${redeeming}&code_verifier=y`, 400],
    ['a code in brackets', '/oauth/token', FORM, redeeming.replace('code=', 'code[$ne]='), 400],
    ['a code that is an object', '/oauth/token', FORM, redeeming.replace('code=', 'code[a]='), 400],
    ['a code of a thousand characters', '/oauth/token', FORM, redeeming + 'x'.repeat(1000), 400],
    ['a code with a NUL', '/oauth/token', FORM, `${redeeming}%00`, 400],
    ['a repeated scope', '/oauth/token', FORM, `${refreshing}&scope=a&scope=b`, 400],
    [
      'parameters in brackets',
      '/oauth/token',
      FORM,
      refreshing.replace('refresh_token=x', 'refresh_token[$ne]=x'),
      400,
    ],
    ['no grant_type', '/oauth/token', FORM, 'client_id=gatehouse-first-party', 400],
    [
      'no refresh token',
      '/oauth/token',
      FORM,
      'grant_type=refresh_token&client_id=gatehouse-first-party',
      400,
    ],
    ['credentials in the query', `/oauth/token?${refreshing}`, FORM, refreshing, 400],
    ['broken percent codes', '/oauth/token', FORM, `${refreshing}%E0%A4%A`, 400],
    [
      'NUL, unicode and line breaks',
      '/oauth/token',
      FORM,
      `${refreshing}%00%0d%0a%F0%9F%94%91`,
      400,
    ],
    ['ten thousand parameters', '/oauth/token', FORM, 'a=&'.repeat(10_000), 413],
    ['JSON where a form belongs', '/oauth/introspect', 'application/json', '{"token":"x"}', 400],
    ['JSON where a form belongs', '/oauth/revoke', 'application/json', '{"token":"x"}', 400],
    ['a repeated token', '/oauth/revoke', FORM, `${revoking}&token=y`, 400],
    ['a token in brackets', '/oauth/revoke', FORM, revoking.replace('token=x', 'token[0]=x'), 400],
    ['a token of ten thousand letters', '/oauth/revoke', FORM, revoking + 'x'.repeat(10_000), 400],
    ['a token in the query', '/oauth/revoke?token=x', FORM, revoking, 400],
    [
      'half of a client assertion',
      '/oauth/token',
      FORM,
      'grant_type=client_credentials&client_assertion=x',
      400,
    ],
    [
      'a scope of a thousand words',
      '/oauth/token',
      FORM,
      `${refreshing}&scope=${'x+'.repeat(2000)}`,
      400,
    ],
  ])('rejects %s at %s with an OAuth error', async (_, path, type, body, status) => {
    const before = await rows();
    const answer = await sendRaw(auth, { path, type, body });
    expect(answer.status).toBe(status);
    const parsed = JSON.parse(answer.text);
    expect(['invalid_request', 'invalid_grant', 'invalid_scope']).toContain(parsed.error);
    // The characters that RFC 6749 §5.2 allows in a description.
    expect(parsed.error_description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.text).not.toMatch(/node_modules|\bat \w+|SELECT|FST_/);
    expect(await rows()).toEqual(before);
  });

  it('ignores unknown parameters (RFC 6749 §3.2)', async () => {
    const { refresh_token } = await auth.createLogin();
    const parameters = {
      grant_type: 'refresh_token',
      client_id: 'gatehouse-first-party',
      refresh_token,
      'x[y]': 'z',
    };
    expect((await auth.token(parameters)).status).toBe(200);
  });

  it('rejects a refresh without refresh_token as invalid_request (RFC 6749 §5.2)', async () => {
    const parameters = { grant_type: 'refresh_token', client_id: 'gatehouse-first-party' };
    const { status, body } = await auth.token(parameters);
    expect([status, body]).toEqual([
      400,
      { error: 'invalid_request', error_description: 'refresh_token is missing.' },
    ]);
  });

  it('rejects headers over the limit with status 431', async () => {
    const { status } = await sendRaw(auth, {
      path: '/oauth/token',
      type: FORM,
      body: refreshing,
      padding: 'x'.repeat(40_000),
    });
    expect(status).toBe(431);
  });

  it.each([
    ['GET', '/oauth/token', 405],
    ['GET', '/oauth/revoke', 405],
    ['GET', '/oauth/introspect?token=secret', 405],
    ['GET', '/auth/login', 405],
    ['PUT', '/auth/register', 405],
    ['GET', '/nowhere?password=secret', 404],
  ])(
    'rejects %s %s with status %i and repeats nothing of the request',
    async (method, path, status) => {
      const answer = await auth.send(path, { method });
      expect(answer.status).toBe(status);
      expect(answer.headers.get('allow')).toBe(status === 405 ? 'POST' : null);
      expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      expect(answer.text).not.toContain('secret');
    },
  );
});

interface RawAnswer {
  readonly status: number;
  readonly headers: Record<string, unknown>;
  readonly text: string;
}

interface RawRequest {
  readonly path: string;
  readonly type: string | undefined;
  readonly body: string;
  readonly padding?: string;
}

/** Sends a request without the content type that fetch would add. */
function sendRaw(auth: TestAuth, { path, type, body, padding }: RawRequest): Promise<RawAnswer> {
  const headers = {
    'content-length': Buffer.byteLength(body),
    ...(type !== undefined && { 'content-type': type }),
    ...(padding !== undefined && { 'x-padding': padding }),
  };
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers, agent: false } as const;
    const sent = request(`${auth.url}${path}`, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => (text += part));
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
