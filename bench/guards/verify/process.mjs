/** What is measured in process, in a process of its own: `{ part, algorithm, plan }` comes in, the cells go out. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Issuer } from '../issuer.mjs';
import { SCENARIOS } from '../plan.mjs';
import { CONTENDERS, gatehouse, gatehouseWithoutCache, raw } from './contenders.mjs';
import { presented, probe, sample } from './sample.mjs';

/** Tokens that are no longer new: long enough a pass that looking at the clock costs nothing. */
const KNOWN = 1000;

/**
 * Every contender verifies the same tokens in every round, in turn, so that what the machine does meanwhile falls on
 * all of them. The first round is not counted.
 *
 * @param {{ rounds: number, verify: any }} options
 * @param {any} algorithm
 * @returns {Promise<Array<{ algorithm: string, scenario: string, contender: string, samples: object[] }>>}
 */
export async function measureVerify({ rounds, verify: { milliseconds, newTokens } }, algorithm) {
  const issuer = await Issuer.start({ algorithm });
  const contenders = await opened(issuer);
  const known = issuer.tokens(KNOWN).map(presented);
  const cells = cellsOf(algorithm, contenders);
  // A contender with a cache has the tokens after the second time.
  for (const { verify } of [...contenders, ...contenders]) await sample(verify, { tokens: known });
  for (let round = 0; round <= rounds; round += 1) {
    const fresh = issuer.tokens(newTokens).map(presented);
    for (const { distinct, contender, samples } of cells) {
      const work = Number.isFinite(distinct)
        ? { tokens: known.map((_, i) => known[i % distinct]), milliseconds }
        : { tokens: fresh, isQuiet: true };
      const seen = await sample(contender.verify, work);
      if (round > 0) samples.push(seen);
    }
  }
  issuer.close();
  return cells.map(({ contender, ...cell }) => ({ ...cell, contender: contender.name }));
}

/** @param {any} issuer */
async function opened(issuer) {
  const contenders = [];
  for (const { open, ...contender } of CONTENDERS) {
    const opened = { ...contender, verify: await open([issuer]) };
    await probe(opened, issuer);
    contenders.push(opened);
  }
  return contenders;
}

/** @param {any} algorithm @param {any} contenders */
function cellsOf(algorithm, contenders) {
  return SCENARIOS.flatMap(({ name, distinct }) =>
    contenders.map((/** @type {any} */ contender) => {
      return { algorithm, scenario: name, distinct, contender, samples: [] };
    }),
  );
}

const SIZES = [
  { issuers: 1, keys: 1 },
  { issuers: 1, keys: 10 },
  { issuers: 1, keys: 100 },
  { issuers: 10, keys: 1 },
];

const TOKENS = 1000;

/**
 * What a request costs us when there are more keys, and more issuers. Tokens come from all of them in turn. The
 * limit runs beside it: a processor that has many keys at hand is slower by itself.
 *
 * @param {{ rounds: number, verify: any }} options
 */
export async function measureGrowth({ rounds, verify: { milliseconds } }) {
  const cells = [];
  for (const size of SIZES) cells.push(await cellOf(size));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { tokens, contenders, samples } of cells) {
      /** @type {Record<string, any>} */
      const seen = {};
      for (const [name, verify] of Object.entries(contenders)) {
        seen[name] = await sample(verify, { tokens, milliseconds, isQuiet: name !== 'cached' });
      }
      if (round > 0) samples.push(seen);
    }
  }
  return cells.map(({ size, samples }) => ({ size, samples }));
}

/** @param {any} size */
async function cellOf(size) {
  const issuers = await Promise.all(
    Array.from({ length: size.issuers }, (_, index) =>
      Issuer.start({ algorithm: 'ES256', keys: size.keys, name: `auth-${index}` }),
    ),
  );
  const tokens = Array.from({ length: TOKENS }, (_, index) =>
    presented(issuers[index % issuers.length].token()),
  );
  const contenders = {
    raw: await raw(issuers),
    uncached: await gatehouseWithoutCache(issuers),
    cached: await gatehouse(issuers),
  };
  /** @type {any[]} */
  const samples = [];
  return { size, tokens, contenders, samples };
}

setFlagsFromString('--expose-gc');
/** @type {() => void} */
const collectGarbage = runInNewContext('gc');

/**
 * How many bytes a remembered token takes, its claims included. In a process that does nothing else.
 *
 * @param {{ memory: any }} options
 */
export async function measureMemory({ memory: { tokens: count } }) {
  const issuer = await Issuer.start({ algorithm: 'ES256' });
  const verify = await gatehouse([issuer], { maxTokens: count });
  // One piece of memory outside of the heap, so that the tokens themselves are not counted.
  const width = issuer.token().length + 'Bearer '.length;
  const tokens = Buffer.alloc(count * width);
  for (let i = 0; i < count; i += 1) tokens.write(`Bearer ${issuer.token()}`, i * width, 'latin1');
  /** @param {any} i */
  const authorization = (i) => tokens.toString('latin1', i * width, (i + 1) * width);

  await verify(`Bearer ${issuer.token()}`);
  const before = used();
  // A token is remembered when it is seen for the second time.
  for (let pass = 0; pass < 2; pass += 1) {
    for (let i = 0; i < count; i += 1) await verify(authorization(i));
  }
  const bytes = used() - before;
  const remembered = await share(count, async (/** @type {number} */ i) => {
    return (await verify(authorization(i))) === (await verify(authorization(i)));
  });
  return [{ tokens: count, bytesPerToken: bytes / count, remembered }];
}

function used() {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * Of how many of them it is true, out of a hundred asked.
 *
 * @param {number} count
 * @param {any} isTrue
 */
async function share(count, isTrue) {
  let yes = 0;
  for (let i = 0; i < 100; i += 1) yes += Number(await isTrue(Math.floor((i * count) / 100)));
  return yes / 100;
}

/** @type {Record<string, (plan: any, algorithm: any) => Promise<object[]>>} */
const PARTS = { verify: measureVerify, growth: measureGrowth, memory: measureMemory };

process.once('message', async (task) => {
  const { part, algorithm, plan } = /** @type {any} */ (task);
  const cells = await PARTS[part](plan, algorithm);
  process.send?.(cells, () => process.exit());
});
