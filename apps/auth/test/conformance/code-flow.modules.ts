import * as oauth from 'oauth4webapi';
import * as oidc from 'openid-client';
import { decodeHeader } from '../support/test-auth.js';
import { CALLBACK, ISSUER } from './end-user.js';
import type { TestProvider } from './test-provider.js';
import { getErrorCode } from './relying-party.js';

/** Shannon entropy of a text in bits, from the frequency of its characters. The suite measures codes and tokens this way. */
function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum - n * Math.log2(n / text.length), 0);
}

/** Modules of the Basic OP plan about codes, tokens and client authentication. */
export function codeFlowModules(op: () => TestProvider): void {
  it('oidcc-server', async () => {
    const party = await op().createRelyingParty();
    const { arrival, tokens, claims } = await party.signIn(op().createEndUser());
    expect(entropyOf(arrival?.searchParams.get('code') ?? '')).toBeGreaterThan(128);
    expect(entropyOf(tokens.access_token)).toBeGreaterThan(128);
    expect(tokens).toMatchObject({ token_type: 'bearer', expires_in: 300, scope: 'openid' });
    expect(tokens.refresh_token).toBeUndefined();
    expect(claims).toMatchObject({ iss: ISSUER, aud: 'conformance-one' });
    const { sub } = claims;
    expect(await party.fetchUserInfo(tokens, sub)).toEqual({ sub });
    const own = 'iss sub aud iat exp auth_time nonce acr amr sid at_hash'.split(' ');
    expect(Object.keys(claims).sort()).toEqual(own.sort());
  });

  it('oidcc-idtoken-signature', async () => {
    const { tokens } = await (await op().createRelyingParty()).signIn(op().createEndUser());
    // The client has verified the signature with the published keys.
    expect(decodeHeader(tokens.id_token)).toMatchObject({ alg: 'RS256', kid: expect.any(String) });
  });

  it('oidcc-idtoken-unsigned', async () => {
    const party = await op().createRelyingParty();
    const { id_token_signing_alg_values_supported: algorithms } = party.config.serverMetadata();
    expect(algorithms).not.toContain('none');
    const user = op().createEndUser();
    const { tokens } = await party.signIn(user);
    const [, body] = (tokens.id_token ?? '').split('.');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`;
    op().auth.clock.advance({ seconds: 1 });
    // An unsigned hint counts as no hint, so a user without a session must log in.
    const silent = await party.signInExpectingError(op().createEndUser(), {
      prompt: 'none',
      id_token_hint: unsigned,
    });
    expect(silent.error).toBe('login_required');
  });

  it('oidcc-ensure-request-without-nonce-succeeds-for-code-flow', async () => {
    const { claims } = await (
      await op().createRelyingParty()
    ).signIn(op().createEndUser(), { nonce: '' });
    expect(claims.nonce).toBeUndefined();
  });

  it('oidcc-ensure-request-with-valid-pkce-succeeds', async () => {
    const party = await op().createRelyingParty();
    const verifier = oidc.randomPKCECodeVerifier();
    const request = party.createRequest({
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    });
    const visit = await op().createEndUser().navigate(request.url);
    expect(await getErrorCode(party.exchangeCode(visit, request))).toBe('invalid_grant');
    expect((await party.exchangeCode(visit, request, verifier)).claims()).toBeDefined();
  });

  it('oidcc-codereuse', async () => {
    const party = await op().createRelyingParty();
    const request = party.createRequest();
    const visit = await op().createEndUser().navigate(request.url);
    await party.exchangeCode(visit, request);
    expect(await getErrorCode(party.exchangeCode(visit, request))).toBe('invalid_grant');
  });

  it('oidcc-codereuse-30seconds', async () => {
    const party = await op().createRelyingParty();
    const request = party.createRequest();
    const visit = await op().createEndUser().navigate(request.url);
    const { access_token: token } = await party.exchangeCode(visit, request);
    const headers = { authorization: `Bearer ${token}` };
    expect(await party.fetchUserInfoStatus({ headers })).toBe(200);
    op().auth.clock.advance({ seconds: 30 });
    expect(await getErrorCode(party.exchangeCode(visit, request))).toBe('invalid_grant');
    expect(await party.fetchUserInfoStatus({ headers })).toBe(401);
  });

  /** Uses oauth4webapi, because it supports a redirect URI with a query, as in the suite. */
  it('oidcc-server-client-secret-post', async () => {
    const party = await op().createRelyingParty('conformance-post');
    const server = party.config.serverMetadata();
    const client = { client_id: 'conformance-post', [oauth.clockSkew]: op().clockSkewSeconds };
    const http = { [oauth.customFetch]: op().customFetch };
    const redirect_uri = `${CALLBACK}?dummy1=lorem&dummy2=ipsum`;
    const { url, state, nonce = '' } = party.createRequest({ redirect_uri });
    const { arrival = new URL(ISSUER) } = await op().createEndUser().navigate(url);
    const answer = oauth.validateAuthResponse(server, client, arrival, state);
    const authentication = oauth.ClientSecretPost(op().getSecret('conformance-post'));
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      authentication,
      answer,
      redirect_uri,
      oauth.nopkce,
      http,
    );
    const result = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce: nonce,
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(server, response, http);
    expect(oauth.getValidatedIdTokenClaims(result)?.aud).toBe('conformance-post');
  });

  it('oidcc-refresh-token', async () => {
    const [one, two] = [
      await op().createRelyingParty(),
      await op().createRelyingParty('conformance-two'),
    ];
    const user = op().createEndUser();
    const parameters = { scope: 'openid offline_access', prompt: 'consent' };
    const first = await one.signIn(user, parameters);
    const refreshed = await oidc.refreshTokenGrant(one.config, first.tokens.refresh_token ?? '');
    const { iss, sub, aud, auth_time } = first.claims;
    expect(refreshed.claims()).toMatchObject({ iss, sub, aud, auth_time });
    expect(refreshed.access_token).not.toBe(first.tokens.access_token);
    expect(await one.fetchUserInfo(refreshed, sub)).toEqual({ sub });

    // The second client cannot use the refresh token of the first client.
    const second = await two.signIn(user, parameters);
    const stolen = oidc.refreshTokenGrant(two.config, refreshed.refresh_token ?? '');
    expect(await getErrorCode(stolen)).toBe('invalid_grant');
    const own = await oidc.refreshTokenGrant(two.config, second.tokens.refresh_token ?? '');
    expect(own.claims()?.aud).toBe('conformance-two');
  });
}
