import type { INestApplication } from '@nestjs/common';
import * as fc from 'fast-check';
import { RequestAuthenticator } from '../../src/index.js';
import { generateSigningKey } from '../../testing/index.js';
import { faults } from '../support/key-server-faults.js';
import {
  KeyServerScenario,
  measureHeap,
  waitForHeapBelow,
} from '../support/key-server-scenario.js';
import { guardedApp, platforms } from '../support/guarded-app.js';
import { anAuthenticator, verifyOrError } from '../support/factories.js';
import { it } from '../support/slow-test.js';

const RANDOM_KIDS = 10_000;
const COOLDOWN_SECONDS = 10;
/** After this time without a fetch, no back-off delays the next one. */
const BACK_OFF_SECONDS = 31;

/** One connection in use, and one that is idle or closing. */
const MAX_CONNECTIONS = 2;

describe.each(platforms)('faulty key server behind an application on %s', (_platform, adapter) => {
  let scenario: KeyServerScenario;
  let app: INestApplication;
  let authenticator: RequestAuthenticator;

  beforeAll(async () => {
    scenario = await KeyServerScenario.start();
    app = await guardedApp(adapter, scenario.options);
    authenticator = app.get(RequestAuthenticator);
  });
  afterAll(async () => {
    await app.close();
    await scenario.close();
  });

  async function status(token: string): Promise<number> {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${await app.getUrl()}/orders`, { headers });
    await answer.arrayBuffer();
    return answer.status;
  }
  const statuses = async (tokens: string[]) => new Set(await Promise.all(tokens.map(status)));

  it(`accepts valid tokens while ${RANDOM_KIDS} tokens with unknown keys arrive`, async () => {
    const known = scenario.validToken();
    const validTokens = () => [known, scenario.validToken(), known, scenario.validToken(), known];
    expect(await statuses(validTokens())).toEqual(new Set([200]));
    const share = Math.ceil(RANDOM_KIDS / faults.length);

    for (const fault of faults) {
      scenario.applyFault(fault);
      scenario.clock.advance({ seconds: 60 });
      const before = scenario.server.fetches;
      const flooding = scenario.flood(authenticator, share);
      const unknown = statuses([scenario.randomKidToken(), scenario.randomKidToken()]);

      expect([fault, await statuses(validTokens())]).toEqual([fault, new Set([200])]);
      expect(await flooding).toEqual(new Set(['keys_unavailable']));
      expect(await unknown).toEqual(new Set([503]));
      expect(await statuses(validTokens())).toEqual(new Set([200]));
      expect([fault, scenario.server.fetches - before]).toEqual([fault, 1]);
      await scenario.server.waitForConnectionsBelow(MAX_CONNECTIONS);
    }
  });

  it('accepts a new key within one cooldown after recovery, also during a flood', async () => {
    scenario.publish(scenario.issuer.signingKey.publicJwk);
    scenario.clock.advance({ seconds: BACK_OFF_SECONDS });
    expect(await scenario.flood(authenticator, 100)).toEqual(new Set(['unknown_key']));

    const old = scenario.validToken();
    expect(await status(old)).toBe(200);
    const oldKey = scenario.issuer.signingKey;
    const newKey = scenario.issuer.rotate();
    scenario.publish(oldKey.publicJwk, newKey.publicJwk);
    const next = scenario.validToken();
    expect(await status(next)).toBe(401);

    scenario.clock.advance({ seconds: COOLDOWN_SECONDS });
    expect(await scenario.flood(authenticator, 100)).toEqual(new Set(['unknown_key']));
    expect(await statuses([old, next])).toEqual(new Set([200]));
  });

  it('refuses cached tokens of a key that the recovered server withdraws', async () => {
    const tokens = Array.from({ length: 20 }, () => scenario.validToken());
    for (let use = 0; use < 3; use += 1) expect(await statuses(tokens)).toEqual(new Set([200]));
    scenario.publish(generateSigningKey('ES256').publicJwk);

    scenario.clock.advance({ seconds: 299 });
    await scenario.flood(authenticator, 100);
    expect(await statuses(tokens)).toEqual(new Set([401]));
  });
});

describe('memory, connections and fetches', () => {
  let scenario: KeyServerScenario;
  let authenticator: RequestAuthenticator;

  beforeEach(async () => {
    scenario = await KeyServerScenario.start();
    authenticator = anAuthenticator(scenario.options);
  });
  afterEach(() => scenario.close());

  it('uses no more memory, connections or fetches after a flood of unknown keys', async () => {
    await authenticator.verifyToken(scenario.validToken());
    await scenario.flood(authenticator, 1000);
    const [before, fetches] = [measureHeap(), scenario.server.fetches];

    for (let second = 0; second < 100; second += 1) {
      scenario.clock.advance({ seconds: 1 });
      await scenario.flood(authenticator, RANDOM_KIDS / 100);
    }
    expect(scenario.server.fetches - fetches).toBe(100 / COOLDOWN_SECONDS);
    await scenario.server.waitForConnectionsBelow(MAX_CONNECTIONS);
    // The identifiers alone would need more.
    await waitForHeapBelow(before + RANDOM_KIDS * 100);
  });

  it('uses no more memory or connections after answers of 100 MB', async () => {
    await authenticator.verifyToken(scenario.validToken());
    const before = measureHeap();
    for (const fault of faults.filter(([name]) => name.includes('MB'))) {
      scenario.applyFault(fault);
      for (let i = 0; i < 5; i += 1) {
        scenario.clock.advance({ seconds: BACK_OFF_SECONDS });
        await scenario.flood(authenticator, 1);
      }
    }
    expect(scenario.server.fetches).toBe(1 + 2 * 5);
    await scenario.server.waitForConnectionsBelow(MAX_CONNECTIONS);
    await waitForHeapBelow(before + 2 ** 21);
    // The connection buffers some megabytes before the server notices that the client stopped reading.
    expect(scenario.server.bytesSent).toBeLessThan(5 * 16 * 2 ** 20);
  });
});

describe('random sequence of faults', () => {
  const step = fc.record({
    fault: fc.option(fc.constantFrom(...faults), { freq: 4 }),
    seconds: fc.constantFrom(0, 0.5, 5, 10, 60, 226, 301),
    unknown: fc.integer({ min: 0, max: 20 }),
  });

  type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

  async function runSteps(scenario: KeyServerScenario, steps: readonly Step[]): Promise<void> {
    const authenticator = anAuthenticator(scenario.options);
    const known = scenario.validToken();
    const key = scenario.issuer.signingKey;
    const forged = scenario.issuer.accessToken({}, { signedBy: generateSigningKey('ES256') });
    await authenticator.verifyToken(known);
    let distinctTimes = 1;

    for (const { fault, seconds, unknown } of steps) {
      if (fault) scenario.applyFault(fault);
      else scenario.publish(key.publicJwk, generateSigningKey('ES256').publicJwk);
      scenario.clock.advance({ seconds });
      if (seconds > 0) distinctTimes += 1;
      const flooding = scenario.flood(authenticator, unknown);
      const valid = [known, scenario.validToken(), known].map((it) =>
        verifyOrError(authenticator, it),
      );
      const refused = await verifyOrError(authenticator, forged);

      for (const verdict of await Promise.all(valid)) expect(verdict).toHaveProperty('subject');
      expect(refused).toHaveProperty('reason', 'bad_signature');
      for (const reason of await flooding) {
        expect(['unknown_key', 'keys_unavailable']).toContain(reason);
      }
      expect(scenario.server.fetches).toBeLessThanOrEqual(distinctTimes);
    }
    await scenario.flood(authenticator, 1); // Waits for a pending fetch.
    await scenario.server.waitForConnectionsBelow(MAX_CONNECTIONS);
  }

  it('refuses no valid token, accepts no other and causes at most one fetch per moment', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 10 }), async (steps) => {
        const scenario = await KeyServerScenario.start();
        try {
          await runSteps(scenario, steps);
        } finally {
          await scenario.close();
        }
      }),
      { numRuns: 12, endOnFailure: true },
    );
  });
});
