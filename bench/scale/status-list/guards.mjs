/** What a status costs a service, in process: the plan comes in, the rows go out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RequestAuthenticator, GuardsModule } from '@gatehouse/guards';
import { NestFactory } from '@nestjs/core';
import { presented, sample } from '../../guards/verify/sample.mjs';
import { median, quartiles } from '../../report/statistics.mjs';
import { ENDED, LIST_SIZE, StatusIssuer } from './issuer.mjs';

/** @typedef {import('../../types.js').Sample} Sample */

const TOKENS = 1000;
const MILLISECONDS = 100;
const LISTS = 32;

setFlagsFromString('--expose-gc');
/** @type {() => void} */
const collectGarbage = runInNewContext('gc');

process.once('message', async (message) => {
  const plan = /** @type {any} */ (message);
  const issuer = await StatusIssuer.start();
  const rows = [...(await times(issuer, plan)), await memory(issuer)];
  process.send?.(rows, () => process.exit());
});

/**
 * The same guard, in turn, on tokens that name no status and on tokens that do.
 *
 * @param {any} issuer
 * @param {{ rounds: number }} options
 */
async function times(issuer, { rounds }) {
  const verify = await guard(issuer.options);
  const place = () => ({ list: 1, index: Math.floor(Math.random() * ENDED) });
  /** @type {{ name: string, tokens: any[], samples: any[] }[]} */
  const cells = [
    { name: 'without status', tokens: tokens(() => issuer.token()), samples: [] },
    { name: 'with status', tokens: tokens(() => issuer.token(place())), samples: [] },
  ];
  await isLoaded(verify, presented(issuer.token({ list: 1, index: ENDED })));
  for (let round = -2; round < rounds * 2; round += 1) {
    for (const cell of cells) {
      const seen = await sample(verify, { tokens: cell.tokens, milliseconds: MILLISECONDS });
      if (round >= 0) cell.samples.push(seen);
    }
  }
  const [without, withStatus] = cells;
  const more = withStatus.samples.map((seen, round) => ({
    nanoseconds: 1000 * (seen.microseconds - without.samples[round].microseconds),
  }));
  return [row(without), { ...row(withStatus), more: quartiles(more, 'nanoseconds') }];
}

/**
 * How much more a service holds for each list that its tokens refer to.
 *
 * @param {any} issuer
 */
async function memory(issuer) {
  const verify = await guard(issuer.options);
  await verify(`Bearer ${issuer.token()}`);
  const before = used();
  for (let list = 100; list < 100 + LISTS; list += 1) {
    await isLoaded(verify, presented(issuer.token({ list, index: ENDED })));
  }
  const bytesAList = (used() - before) / LISTS;
  const name = `${LISTS} lists of ${LIST_SIZE.toLocaleString('en')} places`;
  return { name, bytesAList, aims: [] };
}

/** @param {StatusIssuer['options']} options */
async function guard(options) {
  const module = GuardsModule.forRoot({ ...options, dangerouslyAllowInsecureHttp: true });
  const context = await NestFactory.createApplicationContext(module, { logger: false });
  const authenticator = context.get(RequestAuthenticator);
  return (/** @type {string} */ authorization) =>
    authenticator.verify(
      /** @type {any} */ ({
        headers: { host: 'api.example', authorization },
        rawHeaders: ['Host', 'api.example', 'Authorization', authorization],
        url: '/orders',
      }),
    );
}

/** @param {() => string} make */
function tokens(make) {
  return Array.from({ length: TOKENS }, () => presented(make()));
}

/**
 * It is, once the token of a session that ended is refused.
 *
 * @param {any} verify
 * @param {any} ended
 */
async function isLoaded(verify, ended) {
  const authorization = ended.bytes.latin1Slice();
  for (;;) {
    try {
      await verify(authorization);
    } catch {
      return;
    }
    await sleep(5);
  }
}

/** @param {{ name: string, samples: Sample[] }} options */
function row({ name, samples }) {
  return { name, microseconds: median(samples, 'microseconds'), aims: [] };
}

function used() {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
