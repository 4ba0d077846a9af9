/** Before anything is timed: does each server really do the work that is compared? */
import { createPublicKey, verify } from 'node:crypto';

/** @typedef {import('../types.js').Server} Server */

/**
 * Makes one rotation and one client-credentials token and checks both. Throws a sentence when one is not as it must be.
 *
 * @param {Server} server
 */
export async function probe(server) {
  const { chains } = server;
  const [chain] = chains;
  const rotated = await token(server, {
    grant_type: 'refresh_token',
    client_id: server.publicClient,
    refresh_token: chain,
  });
  must(rotated.refresh_token !== chain, server, 'rotate the refresh token');
  must(rotated.id_token === undefined, server, 'not issue an ID token');
  chains[0] = rotated.refresh_token;
  const machine = await token(
    server,
    { grant_type: 'client_credentials', ...server.service.parameters },
    basic(server),
  );
  const keySet = await fetch(`${origin(server)}${server.jwksPath}`);
  const { keys } = /** @type {{ keys: any[] }} */ (await keySet.json());
  for (const { access_token } of [rotated, machine]) check(server, access_token, keys);
}

/**
 * @param {Server} server
 * @param {string} accessToken
 * @param {any} keys
 */
function check(server, accessToken, keys) {
  const [head, claims, signature] = accessToken.split('.');
  const { alg, typ, kid } = decode(head);
  must(alg === 'ES256' && typ === 'at+jwt', server, `issue ES256 at+jwt, not ${alg} ${typ}`);
  const jwk = keys.find((/** @type {{ kid: string }} */ key) => key.kid === kid);
  must(jwk, server, `publish the key ${kid} that it signs with`);
  const key = {
    key: createPublicKey({ key: jwk, format: 'jwk' }),
    dsaEncoding: /** @type {const} */ ('ieee-p1363'),
  };
  const valid = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    key,
    Buffer.from(signature, 'base64url'),
  );
  must(valid, server, 'sign with the key that it names');
  const { iss, sub, aud, exp, iat, jti, client_id } = decode(claims);
  const complete = [iss, sub, aud, exp, iat, jti, client_id].every(Boolean);
  must(complete, server, 'put the claims of RFC 9068 §2.2 into the token');
}

/**
 * @param {Server} server
 * @param {Record<string, string>} form
 * @param {any} [headers]
 */
async function token(server, form, headers = {}) {
  const answer = await fetch(`${origin(server)}${server.tokenPath}`, {
    method: 'POST',
    headers,
    body: new URLSearchParams(form),
  });
  const text = await answer.text();
  must(answer.ok, server, `answer ${form.grant_type} with 200, not ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** @param {Server} server */
function basic({ service: { id, secret } }) {
  return { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
}

/** @param {{ port: number }} options */
function origin({ port }) {
  return `http://127.0.0.1:${port}`;
}

/** @param {string} part */
function decode(part) {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

/**
 * @param {unknown} condition
 * @param {Server} server
 * @param {string} sentence
 */
function must(condition, { name }, sentence) {
  if (!condition) throw new Error(`${name} must ${sentence}`);
}
