import { createHash, randomBytes } from 'node:crypto';
import { expectStatus, expectThat } from '../smoke/walk.mjs';

/** @typedef {import('./walk.mjs').Walk} Walk */
/** @typedef {{ email?: string | undefined, password?: string | undefined }} Credential */

const CLIENT_ID = 'demo-staff';
/** No server listens there: the demo reads the parameters of the redirect. */
const REDIRECT_URI = 'http://localhost:4002/callback';
/** More than the login page, the consent page and the redirects between them need. */
const MAX_RESPONSES = 12;

/** @type {import('./walk.mjs').Step[]} */
export const staffSteps = [
  {
    title: 'As a customer, sign in at the application of the support team',
    why: 'Only a user with the role `support` can allow orders:read:any, so the application gets access_denied and no code.',
    async run(walk) {
      const { error } = await authorize(walk, walk.user, createChallenge());
      expectThat(error === 'access_denied', `the error should be access_denied, and was ${error}`);
    },
  },
  {
    title: 'As an employee with the role, sign in there, and read the order of the customer',
    why: '`ops accounts grant-role` grants the role. After `revoke-role`, orders refuses this token within ten seconds.',
    async run(walk) {
      const { DEMO_STAFF_EMAIL: email, DEMO_STAFF_PASSWORD: password } = walk.credentials;
      const challenge = createChallenge();
      const { code = '' } = await authorize(walk, { email, password }, challenge);
      const redeemed = await walk.call({
        method: 'POST',
        url: `${walk.urls.auth}/oauth/token`,
        form: {
          ...{ grant_type: 'authorization_code', client_id: CLIENT_ID, code },
          ...{ redirect_uri: REDIRECT_URI, code_verifier: challenge.verifier },
        },
      });
      expectStatus(redeemed, 200);
      const url = `${walk.urls.orders}/orders/${walk.order.id}`;
      const answer = await walk.call({ url, token: redeemed.body.access_token });
      expectStatus(answer, 200);
      expectThat(answer.body.id === walk.order.id, 'it should be the order of the customer');
    },
  },
];

/** RFC 7636 §4.1, §4.2. */
function createChallenge() {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/**
 * Sends an authorization request (RFC 6749 §4.1.1), logs in, and allows the scope.
 *
 * @param {Walk} walk
 * @param {Credential} credential
 * @param {{ challenge: string }} pkce
 * @returns {Promise<Record<string, string>>} the parameters of the redirect to the client
 */
async function authorize(walk, credential, { challenge }) {
  const request = new URLSearchParams({
    ...{ client_id: CLIENT_ID, redirect_uri: REDIRECT_URI, response_type: 'code' },
    ...{ scope: 'orders:read:any', code_challenge: challenge, code_challenge_method: 'S256' },
  });
  const url = `${walk.urls.auth}/oauth/authorize?${request}`;
  walk.narrator.request({ method: 'GET', url, headers: {} });
  const parameters = await browse(url, credential);
  walk.narrator.answer({ status: 303, text: '', body: parameters });
  return parameters;
}

/**
 * Follows redirects and submits forms, as a browser does, until the redirect to the client.
 *
 * @param {string} start
 * @param {Credential} credential
 */
async function browse(start, { email = '', password = '' }) {
  /** @type {Map<string, string>} */
  const cookies = new Map();
  let url = start;
  /** @type {Record<string, string> | undefined} */
  let form;
  for (let count = 0; count < MAX_RESPONSES; count += 1) {
    const response = await send(url, form, cookies);
    const location = response.headers.get('location');
    if (location?.startsWith(REDIRECT_URI)) {
      return Object.fromEntries(new URL(location).searchParams);
    }
    const text = await response.text();
    form = location
      ? undefined
      : { ...hiddenFieldsOf(text), login: email, password, decision: 'allow' };
    url = new URL(location ?? actionOf(text), url).href;
  }
  throw new Error('the sign-in did not end');
}

/** @param {string} url @param {Record<string, string> | undefined} form @param {Map<string, string>} cookies */
async function send(url, form, cookies) {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const response = await fetch(url, {
    redirect: 'manual',
    headers: { cookie },
    ...(form && { method: 'POST', body: new URLSearchParams(form) }),
  });
  for (const line of response.headers.getSetCookie()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
    cookies.set(name, value);
  }
  return response;
}

/** @param {string} page @returns {string} */
const actionOf = (page) => {
  const [, action] = /<form method="post" action="([^"]*)"/.exec(page) ?? [];
  expectThat(action, 'the page should have a form');
  return String(action);
};

/** @param {string} page @returns {Record<string, string>} */
const hiddenFieldsOf = (page) =>
  Object.fromEntries(
    [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(
      ([, name = '', value = '']) => [name, value],
    ),
  );
