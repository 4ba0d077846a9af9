import { Issuer } from '../issuer.mjs';
import { SCENARIOS } from '../plan.mjs';
import { CONTENDERS } from './contenders.mjs';
import { presented } from './presented.mjs';
import { probe } from './probe.mjs';
import { sample } from './sample.mjs';

/** Tokens that are no longer new: long enough a pass that looking at the clock costs nothing. */
const KNOWN = 1000;

/**
 * Every contender verifies the same tokens in every round, in turn, so that what the machine does meanwhile falls on
 * all of them. The first round is not counted.
 * @returns {Promise<Array<{ algorithm: string, scenario: string, contender: string, samples: object[] }>>}
 */
export async function measureVerify({ rounds, verify: { milliseconds, newTokens } }, algorithm) {
  const issuer = await Issuer.start({ algorithm });
  const contenders = await opened(issuer);
  const known = issuer.tokens(KNOWN).map(presented);
  const cells = cellsOf(algorithm, contenders);
  // Whoever remembers tokens does so by the second time.
  for (const { verify } of [...contenders, ...contenders]) await sample(verify, { tokens: known });
  for (let round = 0; round <= rounds; round += 1) {
    const fresh = issuer.tokens(newTokens).map(presented);
    for (const { distinct, contender, samples } of cells) {
      const work = Number.isFinite(distinct)
        ? { tokens: known.map((_, i) => known[i % distinct]), milliseconds }
        : { tokens: fresh };
      const seen = await sample(contender.verify, work);
      if (round > 0) samples.push(seen);
    }
  }
  issuer.close();
  return cells.map(({ contender, ...cell }) => ({ ...cell, contender: contender.name }));
}

async function opened(issuer) {
  const contenders = [];
  for (const { open, ...contender } of CONTENDERS) {
    contenders.push({ ...contender, verify: await open([issuer]) });
    await probe(contenders.at(-1), issuer);
  }
  return contenders;
}

function cellsOf(algorithm, contenders) {
  return SCENARIOS.flatMap(({ name, distinct }) =>
    contenders.map((contender) => {
      return { algorithm, scenario: name, distinct, contender, samples: [] };
    }),
  );
}
