import { Issuer } from '../issuer.mjs';
import { gatehouse, gatehouseWithoutCache } from './contenders/gatehouse.mjs';
import { raw } from './contenders/raw.mjs';
import { presented } from './presented.mjs';
import { sample } from './sample.mjs';

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
 */
export async function measureGrowth({ rounds, verify: { milliseconds } }) {
  const cells = [];
  for (const size of SIZES) cells.push(await cellOf(size));
  for (let round = 0; round <= rounds; round += 1) {
    for (const { tokens, contenders, samples } of cells) {
      const seen = {};
      for (const [name, verify] of Object.entries(contenders)) {
        seen[name] = await sample(verify, { tokens, milliseconds });
      }
      if (round > 0) samples.push(seen);
    }
  }
  return cells.map(({ size, samples }) => ({ size, samples }));
}

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
  return { size, tokens, contenders, samples: [] };
}
