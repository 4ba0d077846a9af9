import { CALLBACK, type NavigationResult, SUITE } from './end-user.js';
import type { TestProvider } from './test-provider.js';

/** Encodes an unsigned JWT. */
const unsigned = (claims: object): string =>
  [{ alg: 'none' }, claims, '']
    .map((part) => (part === '' ? '' : Buffer.from(JSON.stringify(part)).toString('base64url')))
    .join('.');

/** Expects an error page of the server and no redirect. */
const expectErrorPage = ({ arrival, answer }: NavigationResult) => {
  expect(arrival).toBeUndefined();
  expect(answer.status).toBe(400);
  expect(answer.text).toContain('<h1>');
};

/** Modules of the Basic OP plan about parameters that a server must support, ignore or reject. */
export function requestModules(op: () => TestProvider): void {
  it('oidcc-response-type-missing', async () => {
    const { error } = await (
      await op().createRelyingParty()
    ).signInExpectingError(op().createEndUser(), { response_type: '' });
    expect(error).toBe('invalid_request');
  });

  it.each<[string, Record<string, string>]>([
    ['oidcc-display-page', { display: 'page' }],
    ['oidcc-display-popup', { display: 'popup' }],
    ['oidcc-ensure-request-with-unknown-parameter-succeeds', { extra: 'foobar' }],
    ['oidcc-ui-locales', { ui_locales: 'se' }],
    ['oidcc-claims-locales', { claims_locales: 'se' }],
    ['oidcc-ensure-request-with-acr-values-succeeds', { acr_values: '1 2' }],
  ])('%s', async (_, more) => {
    const { claims } = await (await op().createRelyingParty()).signIn(op().createEndUser(), more);
    expect(claims.sub).toBeDefined();
  });

  it('oidcc-login-hint', async () => {
    const party = await op().createRelyingParty();
    const hint = { login_hint: 'buffy@op.example' };
    const page = await op().createEndUser().open(party.createRequest(hint).url);
    expect(page.text).toContain('value="buffy@op.example"');
    expect((await party.signIn(op().createEndUser(), hint)).claims.sub).toBeDefined();
  });

  it('oidcc-ensure-registered-redirect-uri', async () => {
    const party = await op().createRelyingParty();
    const redirect_uri = `${SUITE}/callback/yJ4CXT3ktZ`;
    expectErrorPage(await op().createEndUser().navigate(party.createRequest({ redirect_uri }).url));
  });

  it('oidcc-ensure-post-request-succeeds', async () => {
    const party = await op().createRelyingParty();
    const request = party.createRequest();
    const { origin, pathname, searchParams } = request.url;
    const init = { method: 'POST', body: searchParams };
    const visit = await op().createEndUser().navigate(new URL(pathname, origin), init);
    expect((await party.exchangeCode(visit, request)).claims()).toBeDefined();
  });

  it('oidcc-request-uri-unsigned-supported-correctly-or-rejected-as-unsupported', async () => {
    const parameters = { request_uri: `${SUITE}/requests/1` };
    const { error } = await (
      await op().createRelyingParty()
    ).signInExpectingError(op().createEndUser(), parameters);
    expect(error).toBe('request_uri_not_supported');
  });

  it('oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported', async () => {
    const party = await op().createRelyingParty();
    const parameters = {
      request: unsigned({ client_id: 'conformance-one', state: 'of the object' }),
    };
    expect((await party.signInExpectingError(op().createEndUser(), parameters)).error).toBe(
      'request_not_supported',
    );
  });

  it('oidcc-ensure-request-object-with-redirect-uri', async () => {
    const party = await op().createRelyingParty();
    const request = unsigned({ redirect_uri: `${SUITE}/callback/yJ4CXT3ktZ` });
    const { arrival, error } = await party.signInExpectingError(op().createEndUser(), { request });
    expect(error).toBe('request_not_supported');
    expect(arrival?.href).toMatch(`${CALLBACK}?`);
  });
}
