import { randomBytes } from 'node:crypto';
import { expectOAuthError, expectStatus, expectThat, HttpWalk } from './walk.mjs';

/** @typedef {import('./services.mjs').Service} Service */
/** @typedef {import('./walk.mjs').Step<SmokeWalk>} Step */

/** The stack, a new user, and the tokens of the user. */
export class SmokeWalk extends HttpWalk {
  user = {
    email: `smoke-${randomBytes(4).toString('hex')}@gatehouse.example`,
    password: randomBytes(12).toString('base64url'),
  };
  /** Access tokens, by the name of the service. @type {Map<string, string>} */
  tokens = new Map();
  /** Ids of created objects, by the name of the service. @type {Map<string, string>} */
  createdIds = new Map();
  firstRefreshToken = '';
  lastRefreshToken = '';

  /** @param {import('./narrator.mjs').Narrator} narrator @param {string} authUrl */
  constructor(narrator, authUrl) {
    super(narrator);
    this.authUrl = authUrl;
  }

  /** @param {string} path @param {object} json */
  post(path, json) {
    return this.call({ method: 'POST', url: this.authUrl + path, json });
  }
}

/**
 * @param {Service[]} services
 * @returns {Step[]}
 */
export const userSteps = (services) => [
  {
    title: 'Register',
    why: 'The answer is the same when the e-mail has an account already, so it does not reveal accounts.',
    run: async (walk) => expectStatus(await walk.post('/auth/register', walk.user), 201),
  },
  ...services.flatMap(serviceSteps),
  {
    title: 'Refresh twice',
    why: 'Each refresh replaces the refresh token by its successor.',
    async run(walk) {
      for (let count = 0; count < 2; count += 1) {
        const answer = await walk.post('/auth/refresh', { refresh_token: walk.lastRefreshToken });
        expectStatus(answer, 200);
        walk.lastRefreshToken = answer.body.refresh_token;
      }
    },
  },
  {
    title: 'Send the first refresh token again',
    why: 'It is two generations old, so two parties hold this login: auth revokes the session and records a security event.',
    run: (walk) => expectRefused(walk, walk.firstRefreshToken),
  },
  {
    title: 'Send the latest refresh token, which was not replayed',
    why: 'It is revoked too, so the thief has no valid token.',
    run: (walk) => expectRefused(walk, walk.lastRefreshToken),
  },
];

/** @param {Service} service @returns {Step[]} */
const serviceSteps = ({ name, url, resource, list, create }) => [
  {
    title: `Log in for ${name}`,
    why: 'The access token is for this service alone (RFC 8707), with the scopes that were asked for.',
    async run(walk) {
      const scope = [...new Set([list.scope, create?.scope ?? list.scope])].join(' ');
      const answer = await walk.post('/auth/login', { ...walk.user, resource, scope });
      expectStatus(answer, 200);
      walk.tokens.set(name, answer.body.access_token);
      walk.firstRefreshToken = walk.lastRefreshToken = answer.body.refresh_token;
    },
  },
  ...(create ? [creation({ name, url, create })] : []),
  {
    title: `Read from ${name}`,
    why: 'The service verifies the token with the public keys of auth, without a call to auth.',
    async run(walk) {
      const answer = await walk.call({ url: url + list.path, token: walk.tokens.get(name) ?? '' });
      expectStatus(answer, 200);
      const isListed = !create || answer.text.includes(walk.createdIds.get(name) ?? '');
      expectThat(isListed, 'what the user created should be in the list');
    },
  },
];

/**
 * @param {Pick<Service, 'name' | 'url'> & { create: NonNullable<Service['create']> }} service
 * @returns {Step}
 */
const creation = ({ name, url, create }) => ({
  title: `Create an object in ${name}`,
  why: "The body is the example of the OpenAPI document. The object belongs to the token's subject.",
  async run(walk) {
    const answer = await walk.call({
      method: 'POST',
      url: url + create.path,
      token: walk.tokens.get(name) ?? '',
      json: create.example,
    });
    expectStatus(answer, 201);
    walk.createdIds.set(name, answer.body.id);
  },
});

/** @param {SmokeWalk} walk @param {string} refreshToken */
async function expectRefused(walk, refreshToken) {
  expectOAuthError(
    await walk.post('/auth/refresh', { refresh_token: refreshToken }),
    'invalid_grant',
  );
}
