import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { authConfig } from '../../src/auth.config.js';
import { createKeyRotationPlan } from '../../src/tokens/keys/key-rotation-plan.js';
import { SECOND } from '../support/in-memory-signing-keys.js';
import { KeyProcess } from '../support/key-process.js';
import {
  KeyRotationSimulation,
  type SimulationSettings,
} from '../support/key-rotation-simulation.js';
import { TestClock } from '../support/test-auth.js';

const settings = { KEY_SET_MAX_AGE: '300', CLOCK_SKEW: '60' };

/** @param rotation period in seconds; these settings allow 425 and more */
function aSimulation(rotation: number): SimulationSettings {
  const config = authConfig({ ...settings, KEY_ROTATION_PERIOD: String(rotation) });
  return {
    periods: createKeyRotationPlan(config).periods,
    maxAge: config.KEY_SET_MAX_AGE,
    skew: config.CLOCK_SKEW * SECOND,
    reload: 5 * SECOND,
    ttl: 3600 * SECOND,
    seed: 1,
  };
}

describe('a simulation of clocks that are a minute off, and of caching verifiers', () => {
  it.each([
    ['the default period', 2_592_000],
    ['the shortest period', 425],
  ])('rejects no token in a thousand rotations with %s (OIDC Core §10.1.1)', (_title, rotation) => {
    const result = new KeyRotationSimulation(aSimulation(rotation)).run(1_000);
    expect(result).toMatchObject({ rotations: 1_000, failures: 0 });
    expect(result.verifications).toBeGreaterThan(200_000);
  });

  const shortest = aSimulation(425);
  it.each<[string, Partial<SimulationSettings['periods']>]>([
    ['keys sign as soon as they are published', { publishedBeforeMs: 0 }],
    ['keys are published for the cache time only', { publishedBeforeMs: 300 * SECOND }],
    ['keys leave when they stop signing', { publishedAfterMs: 0 }],
    ['keys leave after the lifetime of a token, without skew', { publishedAfterMs: 3600 * SECOND }],
    [
      'the period after signing allows for two clocks instead of four',
      { publishedAfterMs: (3600 + 2 * 60 + 5) * SECOND },
    ],
  ])('detects rejected tokens when %s', (_title, periods) => {
    const broken = { ...shortest, periods: { ...shortest.periods, ...periods } };
    expect(new KeyRotationSimulation(broken).run(200).failures).toBeGreaterThan(0);
  });

  it('detects rejected tokens when a replica reads the keys too seldom', () => {
    const { failures } = new KeyRotationSimulation({ ...shortest, reload: 600 * SECOND }).run(200);
    expect(failures).toBeGreaterThan(0);
  });
});

describe('ten rotations with real signatures on a database', () => {
  const skews = [-60, 0, 60];
  const start = new TestClock().now();
  let now = start;
  let folder: string;
  let processes: readonly KeyProcess[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gatehouse-keys-'));
    const at = { ...settings, KEY_ROTATION_PERIOD: '425' };
    const open = () => KeyProcess.start({ dataDir: folder }, at);
    processes = [await open(), await open(), await open()];
    processes.forEach(({ clock }, n) => clock.advance({ seconds: skews[n] ?? 0 }));
  });
  afterAll(async () => {
    await Promise.all(processes.map((process) => process.stop()));
    await rm(folder, { recursive: true });
  });

  const pass = (seconds: number) => {
    now += seconds * SECOND;
    for (const { clock } of processes) clock.advance({ seconds });
  };

  /** Caches the key set for as long as `Cache-Control` allows, and never fetches it earlier. */
  class Verifier {
    private freshUntil = 0;
    private keys = createLocalJWKSet({ keys: [] });

    constructor(private readonly skew: number) {}

    async verify(jwt: string, set: { readonly text: string; readonly cacheControl: string }) {
      if (now >= this.freshUntil) {
        this.keys = createLocalJWKSet(JSON.parse(set.text));
        this.freshUntil = now + Number(/\d+/.exec(set.cacheControl)?.[0]) * SECOND;
      }
      await jwtVerify(jwt, this.keys, { currentDate: new Date(now + this.skew * SECOND) });
    }
  }

  it('verifies every token of every process at every verifier', async () => {
    const verifiers = skews.map((skew) => new Verifier(skew));
    const tokens: { readonly jwt: string; readonly until: number }[] = [];
    const kids = new Set<string>();
    let verifications = 0;
    await processes[0]?.rotation.createMissingKeys();
    for (let round = 0; kids.size < 11; round += 1) {
      await Promise.all(processes.map(({ keys }) => keys.reload()));
      await processes[round % 3]?.rotation.applyDueSteps();
      // Now one process knows the change, and two processes do not.
      for (const { keys, clock } of processes) {
        const exp = Math.floor(clock.now() / 1000) + 600;
        tokens.push({ jwt: await keys.sign('at+jwt', { exp }), until: exp * SECOND });
        kids.add(keys.activeKid);
      }
      const valid = tokens.filter(({ until }) => now + 60 * SECOND < until);
      for (const [n, verifier] of verifiers.entries()) {
        const { keys, clock } = processes[(n + round) % 3] ?? fail();
        const set = {
          text: keys.keySet.text,
          cacheControl: keys.keySet.cacheControl(clock.now()),
        };
        for (const { jwt } of valid) await verifier.verify(jwt, set);
        verifications += valid.length;
      }
      tokens.splice(0, tokens.length, ...valid);
      pass(61);
    }
    expect(verifications).toBeGreaterThan(1_500);
  });
});

function fail(): never {
  throw new Error('no such process');
}
