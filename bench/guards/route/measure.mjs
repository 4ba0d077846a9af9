import { cpuMicroseconds } from '../../machine/cpu.mjs';
import { ended, messageFrom } from '../../machine/processes.mjs';
import { SCENARIOS } from '../plan.mjs';

const CONNECTIONS = 16;

/** More than any of these servers verifies in a second. Where they run out, a measurement ends early. */
const NEW_TOKENS_PER_SECOND = 16_000;

/**
 * Every server gets the same requests in every round, in turn, so that what the machine does meanwhile falls on all
 * of them. Each measurement has a warm-up of its own, and the first round is not counted.
 * @returns {Promise<Array<{ algorithm: string, scenario: string, server: object, samples: object[] }>>}
 */
export async function measureRoutes({ servers, generator, issuer }, { rounds, route }) {
  const known = issuer.tokens(1000);
  const cells = SCENARIOS.flatMap(({ name, distinct }) =>
    servers.map((server) => ({ scenario: name, distinct, server, samples: [] })),
  );
  for (let round = 0; round <= rounds; round += 1) {
    const fresh = freshTokens(issuer, route);
    for (const { server, distinct, samples } of cells) {
      const work = Number.isFinite(distinct) ? again(known.slice(0, distinct)) : fresh;
      const seen = await sample(server, generator, { ...work, route });
      if (round > 0) samples.push(seen);
    }
  }
  return cells.map(({ server: { platform, guard }, scenario, samples }) => {
    return { algorithm: issuer.algorithm, scenario, platform, guard, samples };
  });
}

function again(tokens) {
  return { once: false, forWarmUp: tokens, tokens };
}

function freshTokens(issuer, { seconds, warmUp }) {
  const some = (time) => issuer.tokens(Math.ceil(NEW_TOKENS_PER_SECOND * time));
  return { once: true, forWarmUp: some(warmUp), tokens: some(seconds) };
}

async function sample({ child, port }, generator, { once, forWarmUp, tokens, route }) {
  const job = { port, once, connections: CONNECTIONS };
  const { failures, firstFailure } = await ask(generator, {
    ...job,
    tokens: forWarmUp,
    seconds: route.warmUp,
  });
  const before = cpuMicroseconds(child.pid);
  const seen = await ask(generator, { ...job, tokens, seconds: route.seconds });
  if (child.exitCode !== null || child.signalCode !== null) throw ended(child);
  return {
    ...seen,
    cpuPerAnswer: (cpuMicroseconds(child.pid) - before) / seen.answers,
    failures: failures + seen.failures,
    firstFailure: firstFailure ?? seen.firstFailure,
  };
}

function ask(generator, job) {
  generator.send(job);
  return messageFrom(generator);
}
