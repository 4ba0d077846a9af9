import { setImmediate as nextTurn } from 'node:timers/promises';

/**
 * Verifies the tokens in turn, over and over until the time is over, or just once each. Counts the time of the
 * processor, all threads together: where nothing else is at work, that of the clock is the same or a little more.
 *
 * @param {(authorization: string, token: any) => unknown} verify
 * @param {{ tokens: any[], milliseconds?: number, isQuiet?: boolean }} work where it is quiet, each token comes in a turn
 *   of the event loop of its own, as on a server with one request at a time
 */
export async function sample(verify, { tokens, milliseconds = 0, isQuiet = false }) {
  const cpu = process.cpuUsage();
  const deadline = performance.now() + milliseconds;
  let verified = 0;
  do {
    for (const token of tokens) {
      const answer = verify(authorization(token), token);
      if (answer instanceof Promise) await answer;
      if (isQuiet) await nextTurn();
    }
    verified += tokens.length;
  } while (performance.now() < deadline);
  const { user, system } = process.cpuUsage(cpu);
  const microseconds = (user + system) / verified;
  return { microseconds, perSecond: 1e6 / microseconds };
}

/**
 * A token as it comes in: bytes, of which Node makes a string for each request. For the limit it is taken apart
 * beforehand.
 * @param {string} token
 */
export function presented(token) {
  const end = token.lastIndexOf('.');
  return {
    bytes: Buffer.from(`Bearer ${token}`),
    signingInput: Buffer.from(token.slice(0, end)),
    signature: Buffer.from(token.slice(end + 1), 'base64url'),
    kid: JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString()).kid,
  };
}

/**
 * The value of the `Authorization` header, as a new string each time.
 *
 * @param {{ bytes: any }} options
 */
export function authorization({ bytes }) {
  return bytes.latin1Slice();
}

/** @param {{ name: string, verify: Function, checksClaims?: boolean }} contender @param {any} issuer */
export async function probe({ name, verify, checksClaims = true }, issuer) {
  const good = issuer.token();
  must(await accepts(verify, good), name, 'accept a good token');
  must(await accepts(verify, good), name, 'accept it again');
  must(!(await accepts(verify, forged(good))), name, 'refuse another signature');
  if (!checksClaims) return;
  const bad = { iss: 'https://other.example', aud: 'https://other.example', exp: 1 };
  for (const [claim, value] of Object.entries(bad)) {
    const refused = !(await accepts(verify, issuer.token({ [claim]: value })));
    must(refused, name, `refuse another ${claim}`);
  }
}

/** @param {any} verify @param {string} token */
async function accepts(verify, token) {
  const shown = presented(token);
  try {
    await verify(authorization(shown), shown);
    return true;
  } catch {
    return false;
  }
}

/**
 * The same token with one character of its signature changed.
 *
 * @param {string} token
 */
function forged(token) {
  const at = token.lastIndexOf('.') + 10;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

/**
 * @param {unknown} condition
 * @param {string} name
 * @param {string} sentence
 */
function must(condition, name, sentence) {
  if (!condition) throw new Error(`${name} must ${sentence}`);
}
