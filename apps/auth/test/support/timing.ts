type TimedCall = () => Promise<unknown>;

/** A round finds a difference beyond this many standard deviations. By chance that happens once in two thousand rounds. */
const Z_THRESHOLD = 3.5;
/** Pairs of calls per round. */
const PAIRS_PER_ROUND = [30, 50, 80];

/**
 * Whether the durations of two calls differ, by the test of Mann and Whitney. The test uses the order of the times, so outliers
 * do not matter. The calls alternate in random order, so that other load of the machine affects both. A difference must show in
 * three rounds with growing samples; by chance that happens once in billions.
 */
export async function hasDifferentTiming(one: TimedCall, other: TimedCall): Promise<boolean> {
  let signs = 0;
  for (const [round, pairs] of PAIRS_PER_ROUND.entries()) {
    const z = computeMannWhitneyZ(await measureTimes(one, other, pairs));
    if (Math.abs(z) < Z_THRESHOLD) return false;
    signs += Math.sign(z);
    if (Math.abs(signs) <= round) return false;
  }
  return true;
}

type Times = readonly [number[], number[]];

async function measureTimes(one: TimedCall, other: TimedCall, pairs: number): Promise<Times> {
  const times: Times = [[], []];
  await Promise.all([one(), other()]);
  for (let pair = 0; pair < pairs; pair += 1) {
    const turns = [0, 1].sort(() => Math.random() - 0.5);
    for (const turn of turns) {
      const start = performance.now();
      await (turn === 0 ? one : other)();
      times[turn === 0 ? 0 : 1].push(performance.now() - start);
    }
  }
  return times;
}

/** The distance of U from its mean under the null hypothesis, in standard deviations; positive when the first call is slower. */
export function computeMannWhitneyZ([ones, others]: Times): number {
  const wins = ones.flatMap((a) => others.map((b) => (a > b ? 1 : a < b ? 0 : 0.5)));
  const u = wins.reduce((sum: number, win) => sum + win, 0);
  const n = ones.length * others.length;
  return (u - n / 2) / Math.sqrt((n * (ones.length + others.length + 1)) / 12);
}
