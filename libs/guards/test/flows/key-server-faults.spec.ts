import type { INestApplication } from '@nestjs/common';
import * as fc from 'fast-check';
import { AccessTokenStrategy } from '../../src/index.js';
import { generateSigningKey } from '../../testing/index.js';
import { faults } from '../support/key-server-faults.js';
import {
  KeyServerScenario,
  measureHeap,
  waitForHeapBelow,
} from '../support/key-server-scenario.js';
import { guardedApp, platforms } from '../support/guarded-app.js';
import { aStrategy, verifyOrError } from '../support/factories.js';

const RANDOM_KIDS = 10_000;
const COOLDOWN_SECONDS = 10;
/** After this long without a fetch, the next one is not held up by a back-off either. */
const BACK_OFF_SECONDS = 31;

/** The one that is in use, and one that is idle or has just been given up. */
const MOST_CONNECTIONS = 2;

describe.each(platforms)(
  'a key server gone mad, behind an application on %s',
  (_platform, adapter) => {
    let storm: KeyServerScenario;
    let app: INestApplication;
    let strategy: AccessTokenStrategy;

    beforeAll(async () => {
      storm = await KeyServerScenario.start();
      app = await guardedApp(adapter, storm.options);
      strategy = app.get(AccessTokenStrategy);
    });
    afterAll(async () => {
      await app.close();
      await storm.close();
    });

    async function status(token: string): Promise<number> {
      const headers = { authorization: `Bearer ${token}` };
      const answer = await fetch(`${await app.getUrl()}/orders`, { headers });
      await answer.arrayBuffer();
      return answer.status;
    }
    const statuses = async (tokens: string[]) => new Set(await Promise.all(tokens.map(status)));

    it(`takes nothing from valid tokens while ${RANDOM_KIDS} unknown keys are asked for`, async () => {
      const known = storm.validToken();
      const someTokens = () => [known, storm.validToken(), known, storm.validToken(), known];
      expect(await statuses(someTokens())).toEqual(new Set([200]));
      const share = Math.ceil(RANDOM_KIDS / faults.length);

      for (const fault of faults) {
        storm.applyFault(fault);
        storm.clock.advance({ seconds: 60 });
        const before = storm.server.fetches;
        const flooding = storm.flood(strategy, share);
        const unknown = statuses([storm.randomKidToken(), storm.randomKidToken()]);

        expect([fault, await statuses(someTokens())]).toEqual([fault, new Set([200])]);
        expect(await flooding).toEqual(new Set(['keys_unavailable']));
        expect(await unknown).toEqual(new Set([503]));
        expect(await statuses(someTokens())).toEqual(new Set([200]));
        expect([fault, storm.server.fetches - before]).toEqual([fault, 1]);
        await storm.server.waitForConnectionsBelow(MOST_CONNECTIONS);
      }
    });

    it('is believed again when it is well: a new key is accepted within one cooldown, flood or not', async () => {
      storm.publish(storm.issuer.signingKey.publicJwk);
      storm.clock.advance({ seconds: BACK_OFF_SECONDS });
      expect(await storm.flood(strategy, 100)).toEqual(new Set(['unknown_key']));

      const old = storm.validToken();
      expect(await status(old)).toBe(200);
      const oldKey = storm.issuer.signingKey;
      const newKey = storm.issuer.rotate();
      storm.publish(oldKey.publicJwk, newKey.publicJwk);
      const young = storm.validToken();
      expect(await status(young)).toBe(401);

      storm.clock.advance({ seconds: COOLDOWN_SECONDS });
      expect(await storm.flood(strategy, 100)).toEqual(new Set(['unknown_key']));
      expect(await statuses([old, young])).toEqual(new Set([200]));
    });

    it('is believed when it withdraws a key, and the tokens of that key that were remembered go too', async () => {
      const tokens = Array.from({ length: 20 }, () => storm.validToken());
      for (let sight = 0; sight < 3; sight += 1)
        expect(await statuses(tokens)).toEqual(new Set([200]));
      storm.publish(generateSigningKey('ES256').publicJwk);

      storm.clock.advance({ seconds: 299 });
      await storm.flood(strategy, 100);
      expect(await statuses(tokens)).toEqual(new Set([401]));
    });
  },
);

describe('what a flood of unknown keys leaves behind', () => {
  let storm: KeyServerScenario;
  let strategy: AccessTokenStrategy;

  beforeEach(async () => {
    storm = await KeyServerScenario.start();
    strategy = aStrategy(storm.options);
  });
  afterEach(() => storm.close());

  it('is nothing: memory, connections and fetches do not grow with it', async () => {
    await strategy.validate(storm.validToken());
    await storm.flood(strategy, 1000);
    const [before, fetches] = [measureHeap(), storm.server.fetches];

    for (let second = 0; second < 100; second += 1) {
      storm.clock.advance({ seconds: 1 });
      await storm.flood(strategy, RANDOM_KIDS / 100);
    }
    expect(storm.server.fetches - fetches).toBe(100 / COOLDOWN_SECONDS);
    await storm.server.waitForConnectionsBelow(MOST_CONNECTIONS);
    // Less than the identifiers alone would take.
    await waitForHeapBelow(before + RANDOM_KIDS * 100);
  });

  it('is nothing after answers of 100 MB either', async () => {
    await strategy.validate(storm.validToken());
    const before = measureHeap();
    for (const fault of faults.filter(([name]) => name.includes('MB'))) {
      storm.applyFault(fault);
      for (let i = 0; i < 5; i += 1) {
        storm.clock.advance({ seconds: BACK_OFF_SECONDS });
        await storm.flood(strategy, 1);
      }
    }
    expect(storm.server.fetches).toBe(1 + 2 * 5);
    await storm.server.waitForConnectionsBelow(MOST_CONNECTIONS);
    await waitForHeapBelow(before + 2 ** 21);
    // The connection itself holds some megabytes before the server learns that nobody reads.
    expect(storm.server.bytesSent).toBeLessThan(5 * 16 * 2 ** 20);
  });
});

describe('faults in any order, at any time', () => {
  const step = fc.record({
    fault: fc.option(fc.constantFrom(...faults), { freq: 4 }),
    seconds: fc.constantFrom(0, 0.5, 5, 10, 60, 226, 301),
    unknown: fc.integer({ min: 0, max: 20 }),
  });

  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

  async function weather(storm: KeyServerScenario, steps: readonly Step[]): Promise<void> {
    const strategy = aStrategy(storm.options);
    const known = storm.validToken();
    const key = storm.issuer.signingKey;
    const stranger = storm.issuer.accessToken({}, { signedBy: generateSigningKey('ES256') });
    await strategy.validate(known);
    let moments = 1;

    for (const { fault, seconds, unknown } of steps) {
      if (fault) storm.applyFault(fault);
      else storm.publish(key.publicJwk, generateSigningKey('ES256').publicJwk);
      storm.clock.advance({ seconds });
      if (seconds > 0) moments += 1;
      const flooding = storm.flood(strategy, unknown);
      const valid = [known, storm.validToken(), known].map((it) => verifyOrError(strategy, it));
      const refused = await verifyOrError(strategy, stranger);

      for (const verdict of await Promise.all(valid)) expect(verdict).toHaveProperty('subject');
      expect(refused).toHaveProperty('reason', 'bad_signature');
      for (const reason of await flooding) {
        expect(['unknown_key', 'keys_unavailable']).toContain(reason);
      }
      expect(storm.server.fetches).toBeLessThanOrEqual(moments);
    }
    await storm.flood(strategy, 1); // Waits for a fetch that may still be under way.
    await storm.server.waitForConnectionsBelow(MOST_CONNECTIONS);
  }

  it('no valid token is refused, nobody else is let in, and a moment costs at most one fetch', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
        const storm = await KeyServerScenario.start();
        try {
          await weather(storm, steps);
        } finally {
          await storm.close();
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});
