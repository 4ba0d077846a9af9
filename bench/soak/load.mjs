import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { NEW_ORDER } from '../load/requests.mjs';

/** @typedef {{ n: number, refreshToken: string, turn: number, busy?: Promise<void>, token?: string, order?: string }} Person */

/** Of ten requests of a user: one refresh, two orders, seven reads of the last order. */
const TURNS = ['refresh', 'place', 'read', 'read', 'read', 'place', 'read', 'read', 'read', 'read'];

/**
 * Sends a fixed number of requests per second. The users take turns. A user who still waits for an answer is left out,
 * because a refresh token can be used once.
 *
 * @param {{ auth: any, orders: { url: string } }} apps
 * @param {{ perSecond: number, seconds: number }} more
 */
export async function keepUp({ auth, orders }, { perSecond, seconds }) {
  /** @type {{ answers: number, skipped: number, failures: number, firstFailure?: string }} */
  const tally = { answers: 0, skipped: 0, failures: 0 };
  const agent = new Agent({ keepAlive: true });
  // Tokens that were used are gone: who comes next takes up what was left.
  /** @type {Person[]} */
  const people = auth.chains.map((/** @type {string} */ refreshToken, /** @type {number} */ n) => {
    return { n, refreshToken, turn: 0 };
  });
  const places = { auth: auth.url, orders: orders.url, client: auth.publicClient, agent };
  const start = performance.now();
  for (let sent = 0; sent < seconds * perSecond; sent += 1) {
    await sleep(start + (sent * 1000) / perSecond - performance.now());
    const person = people[sent % people.length];
    if (person.busy) tally.skipped += 1;
    else person.busy = oneRequest(person, places, tally).finally(() => (person.busy = undefined));
  }
  await Promise.all(people.map(({ busy }) => busy));
  agent.destroy();
  people.forEach(({ n, refreshToken }) => (auth.chains[n] = refreshToken));
  return tally;
}

/**
 * @param {Person} person
 * @param {any} places
 * @param {{ answers: number, failures: number, firstFailure?: string }} tally
 */
async function oneRequest(person, places, tally) {
  try {
    await WORK[TURNS[person.turn++ % TURNS.length]](person, places);
    tally.answers += 1;
  } catch (error) {
    tally.failures += 1;
    tally.firstFailure ??= /** @type {Error} */ (error).message;
  }
}

/** @type {Record<string, (person: Person, places: any) => Promise<unknown>>} */
const WORK = {
  refresh: async (person, { auth, agent, client }) => {
    const fields = { grant_type: 'refresh_token', client_id: client };
    const body = new URLSearchParams({ ...fields, refresh_token: person.refreshToken }).toString();
    const type = 'application/x-www-form-urlencoded';
    const pair = await ask(`${auth}/oauth/token`, { agent, body, type });
    person.refreshToken = pair.refresh_token;
    person.token = pair.access_token;
  },
  place: async (person, { orders, agent }) => {
    const body = JSON.stringify(NEW_ORDER);
    const work = { agent, token: person.token, body, type: 'application/json' };
    person.order = (await ask(`${orders}/orders`, work)).id;
  },
  read: (person, { orders, agent }) =>
    ask(`${orders}/orders/${person.order}`, { agent, token: person.token }),
};

/**
 * @param {string} url
 * @param {{ agent: Agent, token?: string, body?: string, type?: string }} work
 * @returns {Promise<any>}
 */
function ask(url, { agent, token, body, type }) {
  const headers = {
    ...(token && { authorization: `Bearer ${token}` }),
    ...(body && { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
  };
  return new Promise((resolve, reject) => {
    const method = body ? 'POST' : 'GET';
    const sent = request(url, { method, agent, headers }, async (answer) => {
      let text = '';
      for await (const chunk of answer.setEncoding('utf8')) text += chunk;
      const { statusCode = 0 } = answer;
      const isGood = statusCode >= 200 && statusCode <= 299;
      if (isGood) resolve(JSON.parse(text));
      else reject(new Error(`${method} ${url}: ${answer.statusCode} ${text.slice(0, 300)}`));
    });
    sent.once('error', reject).end(body);
  });
}
