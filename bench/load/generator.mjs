/**
 * The load generator, a process of its own. It takes jobs from its parent, one at a time, and sends back the result.
 * It is our own code and not autocannon, because the next request of a connection depends on the answer before it.
 */
import { drive } from './drive.mjs';
import * as requests from './requests.mjs';
import * as signIns from './sign-in.mjs';

/**
 * @typedef {object} Job
 * @property {string} request the name of an exported function of requests.mjs or sign-in.mjs
 * @property {any} target the server and what the request needs
 * @property {string[]} [chains] refresh tokens
 * @property {number} connections
 * @property {number} seconds
 */

/** @typedef {(target: any, chains: string[], connection: number) => import('./drive.mjs').Dialogue} Request */

/** @type {Record<string, Request>} */
const REQUESTS = { ...requests.REQUESTS, ...signIns.REQUESTS };

process.on('message', async (job) => process.send?.(await run(/** @type {Job} */ (job))));
process.send?.('ready');

/** @param {Job} job */
async function run({ request, target, chains = [], connections, seconds }) {
  // Each connection has its own chains, so that no refresh token is used twice.
  const shares = Array.from({ length: connections }, (_, index) =>
    chains.filter((_token, chain) => chain % connections === index),
  );
  const { port, ports } = target;
  const result = await drive({ port, ports, connections, seconds }, (index) =>
    REQUESTS[request](target, shares[index], index),
  );
  return { ...result, chains: inTurn(shares) };
}

/**
 * Back into one list, so that the next job gives each connection the same share, where it stopped.
 *
 * @param {string[][]} shares
 */
function inTurn(shares) {
  return shares[0].flatMap((_, turn) => shares.map((share) => share[turn]).filter(Boolean));
}
