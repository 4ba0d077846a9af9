import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { forgeries, partsOf } from './forgeries.mjs';
import { expectChallenge, expectStatus, readJson } from './walk.mjs';

/** @typedef {import('./services.mjs').Service} Service */
/** @typedef {import('./walk.mjs').Step<import('./user-steps.mjs').SmokeWalk>} Step */

/**
 * @param {Record<string, string>} urls of the apps
 * @returns {Step[]}
 */
export const healthSteps = (urls) => [
  {
    title: 'Ask each app whether it is ready',
    why: 'Readiness includes the database, and the keys of the issuer: docs/observability.md.',
    async run(walk) {
      for (const url of Object.values(urls)) {
        expectStatus(await walk.call({ url: `${url}/health/ready` }), 200);
      }
    },
  },
];

/**
 * Requests that the service must refuse.
 *
 * @param {Service} service
 * @returns {Step[]}
 */
export const refusalSteps = (service) => [
  {
    title: `Call ${service.name} without a token`,
    why: 'The challenge names the metadata of the resource server and the scope, and no error (RFC 6750 §3, RFC 9728 §5.1).',
    async run(walk) {
      const answer = await walk.call({ url: service.url + service.list.path });
      expectStatus(answer, 401);
      expectChallenge(answer, 'Bearer ', 'resource_metadata="', service.list.scope);
    },
  },
  ...forgeries.map(({ title, why, forge }) => ({
    title: `${title}, to ${service.name}`,
    why,
    /** @param {import('./user-steps.mjs').SmokeWalk} walk */
    async run(walk) {
      const genuine = walk.tokens.get(service.name);
      const parts = genuine
        ? partsOf(genuine, await readJson('auth', `${walk.authUrl}/.well-known/jwks.json`))
        : inventedParts(service);
      const answer = await walk.call({ url: service.url + service.list.path, token: forge(parts) });
      expectStatus(answer, 401);
      expectChallenge(answer, 'error="invalid_token"');
    },
  })),
];

/**
 * A token for this service that its issuer did not sign, for projects whose issuer is elsewhere.
 *
 * @param {Service} service
 * @returns {import('./forgeries.mjs').TokenParts}
 */
function inventedParts({ issuer, resource, list }) {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const now = Math.floor(Date.now() / 1000);
  return {
    header: { alg: 'ES256', typ: 'at+jwt', kid: randomBytes(8).toString('hex') },
    claims: {
      ...{ iss: issuer, aud: resource, sub: 'smoke', client_id: 'smoke', scope: list.scope },
      ...{ iat: now, exp: now + 300, jti: randomBytes(8).toString('hex') },
    },
    signature: randomBytes(64),
    jwk: publicKey.export({ format: 'jwk' }),
  };
}
