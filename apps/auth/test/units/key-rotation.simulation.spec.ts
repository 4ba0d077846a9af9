import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { authConfig } from '../../src/auth.config.js';
import { createKeyRotationPlan } from '../../src/tokens/keys/key-rotation-periods.js';
import { SECOND } from '../support/in-memory-signing-keys.js';
import { KeyProcess } from '../support/key-process.js';
import {
  KeyRotationSimulation,
  type SimulationSettings,
} from '../support/key-rotation-simulation.js';
import { TestClock } from '../support/test-auth.js';

const settings = { KEY_SET_MAX_AGE: '300', CLOCK_SKEW: '60' };

/** @param rotation seconds; 425 is the shortest that these settings allow */
function aWorld(rotation: number, more: Partial<SimulationSettings> = {}): SimulationSettings {
  const config = authConfig({ ...settings, KEY_ROTATION_PERIOD: String(rotation) });
  return {
    periods: createKeyRotationPlan(config).periods,
    maxAge: config.KEY_SET_MAX_AGE,
    skew: config.CLOCK_SKEW * SECOND,
    reload: 5 * SECOND,
    ttl: 3600 * SECOND,
    seed: 1,
    ...more,
  };
}

describe('a thousand rotations, with clocks a minute off either way and verifiers that cache', () => {
  it.each([
    ['of the default period', 2_592_000],
    ['of the shortest period', 425],
  ])('%s: no token fails (OIDC Core §10.1.1)', (_title, rotation) => {
    const outcome = new KeyRotationSimulation(aWorld(rotation)).run(1_000);
    expect(outcome).toMatchObject({ rotations: 1_000, failures: 0 });
    expect(outcome.verifications).toBeGreaterThan(200_000);
  });

  const shortest = aWorld(425);
  it.each<[string, Partial<SimulationSettings['periods']>]>([
    ['keys sign as soon as they are published', { lead: 0 }],
    ['they are published for the cache time alone', { lead: 300 * SECOND }],
    ['they leave when they stop signing', { tail: 0 }],
    ['they leave after the lifetime of a token, whatever the clocks say', { tail: 3600 * SECOND }],
    ['two clocks are reckoned with where four count', { tail: (3600 + 2 * 60 + 5) * SECOND }],
  ])('would show where %s', (_title, periods) => {
    const world = { ...shortest, periods: { ...shortest.periods, ...periods } };
    expect(new KeyRotationSimulation(world).run(200).failures).toBeGreaterThan(0);
  });

  it('would show a replica that looks for changes too seldom', () => {
    const { failures } = new KeyRotationSimulation({ ...shortest, reload: 600 * SECOND }).run(200);
    expect(failures).toBeGreaterThan(0);
  });
});

describe('ten rotations with real signatures, on a database', () => {
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

  /** Keeps the set for as long as `Cache-Control` says, and asks for nothing in between. */
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

  it('no token fails, signed by whichever process and verified by whoever', async () => {
    const verifiers = skews.map((skew) => new Verifier(skew));
    const tokens: { readonly jwt: string; readonly until: number }[] = [];
    const kids = new Set<string>();
    let verifications = 0;
    await processes[0]?.rotation.createMissingKeys();
    for (let round = 0; kids.size < 11; round += 1) {
      await Promise.all(processes.map(({ keys }) => keys.reload()));
      await processes[round % 3]?.rotation.applyDueSteps();
      // Now one knows of the change and two do not.
      for (const { keys, clock } of processes) {
        const exp = Math.floor(clock.now() / 1000) + 600;
        tokens.push({ jwt: await keys.sign('at+jwt', { exp }), until: exp * SECOND });
        kids.add(keys.activeKid);
      }
      const living = tokens.filter(({ until }) => now + 60 * SECOND < until);
      for (const [n, verifier] of verifiers.entries()) {
        const { keys, clock } = processes[(n + round) % 3] ?? fail();
        const set = {
          text: keys.published.text,
          cacheControl: keys.published.cacheControl(clock.now()),
        };
        for (const { jwt } of living) await verifier.verify(jwt, set);
        verifications += living.length;
      }
      tokens.splice(0, tokens.length, ...living);
      pass(61);
    }
    expect(verifications).toBeGreaterThan(1_500);
  });
});

function fail(): never {
  throw new Error('no such process');
}
