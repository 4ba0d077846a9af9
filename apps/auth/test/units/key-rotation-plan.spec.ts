import fc from 'fast-check';
import { authConfig } from '../../src/auth.config.js';
import {
  createKeyRotationPlan,
  KeyRotationPlan,
  type KeyStep,
  type PlannedKey,
} from '../../src/tokens/keys/key-rotation-plan.js';
import type { SigningAlgorithm } from '../../src/tokens/keys/signing-key.entity.js';
import {
  DAY,
  HOURLY_PERIODS,
  InMemorySigningKeys,
  SECOND,
} from '../support/in-memory-signing-keys.js';

const { rotationMs, publishedBeforeMs, publishedAfterMs } = HOURLY_PERIODS;
const plan = new KeyRotationPlan(HOURLY_PERIODS, ['ES256']);
const NOW = 1_000_000 * SECOND;

const aKey = (state: PlannedKey['state'], age: number, kid: string = state): PlannedKey => ({
  kid,
  algorithm: 'ES256',
  state,
  changedAt: NOW - age,
});
const rs256 = (key: PlannedKey): PlannedKey => ({ ...key, algorithm: 'RS256' });

describe('the next step of the key rotation plan', () => {
  const young = aKey('active', rotationMs - 1);
  const due = aKey('active', rotationMs);
  const known = aKey('pending', publishedBeforeMs);
  const unknown = aKey('pending', publishedBeforeMs - 1);

  it.each<[string, readonly PlannedKey[], object | undefined]>([
    ['stages the first key when there are no keys', [], { kind: 'stage' }],
    [
      'activates the pending key at once when no key signs',
      [unknown],
      { kind: 'activate', kid: 'pending' },
    ],
    ['stages a successor when none is published', [young], { kind: 'stage' }],
    ['changes nothing while the active key is young', [young, known], undefined],
    [
      'activates the successor when the rotation period is over',
      [due, known],
      { kind: 'activate', kid: 'pending' },
    ],
    ['waits with the rotation until all verifiers know the successor', [due, unknown], undefined],
    [
      'retires a key when the last token that it signed has expired',
      [young, known, aKey('retiring', publishedAfterMs)],
      { kind: 'retire', kid: 'retiring' },
    ],
    [
      'keeps a retiring key while a token that it signed may be valid',
      [young, known, aKey('retiring', publishedAfterMs - 1)],
      undefined,
    ],
    [
      'lets a key of the previous algorithm sign until all verifiers know the new key',
      [rs256(due), unknown],
      undefined,
    ],
    [
      'activates the key of the new algorithm when all verifiers know it',
      [rs256(due), known],
      { kind: 'activate', kid: 'pending' },
    ],
    [
      'withdraws the key of the previous algorithm when its rotation period is over',
      [young, known, rs256(aKey('active', rotationMs, 'old'))],
      { kind: 'withdraw', kid: 'old' },
    ],
    [
      'keeps the key of the previous algorithm until then, for replicas with the old configuration',
      [young, known, rs256(aKey('active', rotationMs - 1, 'old'))],
      undefined,
    ],
    [
      'retires the pending key of the previous algorithm, which never signs',
      [young, known, rs256(aKey('pending', rotationMs, 'old'))],
      { kind: 'retire', kid: 'old' },
    ],
  ])('%s', (_title, keys, step) => {
    const first = plan.findDueStep(keys, NOW);
    if (step === undefined) expect(first).toBeUndefined();
    else expect(first).toMatchObject(step);
  });

  it('plans a month of signing by default, published 425 seconds before and 3845 seconds after', () => {
    expect(createKeyRotationPlan(authConfig({})).periods).toEqual({
      rotationMs: 30 * DAY,
      publishedBeforeMs: (300 + 2 * 60 + 5) * SECOND,
      publishedAfterMs: (3600 + 4 * 60 + 5) * SECOND,
    });
  });

  it('rejects a rotation period that is too short for caching verifiers, and names the settings', () => {
    const settings = { KEY_SET_MAX_AGE: '10', CLOCK_SKEW: '2' };
    const planned = (KEY_ROTATION_PERIOD: string) => () =>
      createKeyRotationPlan(authConfig({ ...settings, KEY_ROTATION_PERIOD }));
    expect(planned('19')).not.toThrow();
    expect(planned('18')).toThrow(/KEY_ROTATION_PERIOD: 18 is too short.* 19 seconds/s);
  });
});

/** An action that follows `after` milliseconds after the previous one. */
interface Action {
  readonly after: number;
  readonly kind: 'run the job' | 'revoke the successor' | 'another algorithm';
}
const actionLists = fc.array(
  fc.record<Action>({
    after: fc.oneof(
      fc.constantFrom(
        ...[0, 1, SECOND, publishedBeforeMs - 1, publishedBeforeMs],
        ...[rotationMs - publishedBeforeMs, rotationMs, publishedAfterMs],
      ),
      fc.integer({ min: 0, max: 3 * rotationMs }),
    ),
    kind: fc.oneof(
      { weight: 8, arbitrary: fc.constant('run the job' as const) },
      { weight: 2, arbitrary: fc.constant('revoke the successor' as const) },
      { weight: 1, arbitrary: fc.constant('another algorithm' as const) },
    ),
  }),
  { minLength: 1, maxLength: 40 },
);

/** Observes the keys independently of their rows. */
class KeyObserver {
  readonly publishedAt = new Map<string, number>();
  readonly signedUntil = new Map<string, number>();

  observe(rows: InMemorySigningKeys, current: KeyRotationPlan, now: number): void {
    for (const algorithm of ['ES256', 'RS256'])
      for (const state of ['pending', 'active'])
        expect(
          rows.all.filter((key) => key.algorithm === algorithm && key.state === state).length,
        ).toBeLessThanOrEqual(1);
    for (const { kid } of rows.published) {
      if (!this.publishedAt.has(kid)) this.publishedAt.set(kid, now);
    }
    const signer = current.selectDefaultSigner(rows.published);
    expect(signer).toBeDefined();
    this.sign(signer?.kid ?? '', now);
  }

  observeRemoval(kid: string, now: number): void {
    const last = this.signedUntil.get(kid);
    if (last !== undefined) expect(now - last).toBeGreaterThanOrEqual(publishedAfterMs);
  }

  private sign(kid: string, now: number): void {
    const isFirst = this.signedUntil.size === 0;
    if (!isFirst && !this.signedUntil.has(kid)) {
      const age = now - (this.publishedAt.get(kid) ?? now);
      expect(age).toBeGreaterThanOrEqual(publishedBeforeMs);
    }
    this.signedUntil.set(kid, now);
  }
}

describe('the key rotation plan under random actions and late jobs', () => {
  it('always has one signer that is published long enough before and after it signs (OIDC Core §10.1.1)', () => {
    fc.assert(
      fc.property(actionLists, (actions) => {
        const rows = new InMemorySigningKeys();
        const observer = new KeyObserver();
        let algorithm: SigningAlgorithm = 'ES256';
        let current = plan;
        let now = NOW;
        rows.applyDueSteps(current, now);
        observer.observe(rows, current, now);
        for (const { after, kind } of actions) {
          now += after;
          // The active key signs until the moment of the step.
          observer.observe(rows, current, now);
          if (kind === 'another algorithm') {
            algorithm = algorithm === 'ES256' ? 'RS256' : 'ES256';
            current = new KeyRotationPlan(HOURLY_PERIODS, [algorithm]);
          }
          const pending = rows.published.find(({ state }) => state === 'pending');
          if (kind === 'revoke the successor' && pending)
            rows.setState(pending.kid, 'revoked', now);
          const before = rows.published;
          rows.applyDueSteps(current, now);
          for (const { kid } of before.filter(
            (key) => !rows.published.some((k) => k.kid === key.kid),
          ))
            observer.observeRemoval(kid, now);
          observer.observe(rows, current, now);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('predicts when the published set changes', () => {
    fc.assert(
      fc.property(actionLists, (actions) => {
        const rows = new InMemorySigningKeys();
        let now = NOW;
        rows.applyDueSteps(plan, now);
        for (const { after } of actions) {
          const change = plan.findNextChange(rows.published);
          const kids = kidsOf(rows);
          const before = Math.min(now + after, change - 1);
          const early: readonly KeyStep[] = rows.applyDueSteps(plan, before);
          expect([early.filter(({ kind }) => kind !== 'withdraw'), kidsOf(rows)]).toEqual([
            [],
            kids,
          ]);
          now = Math.max(now + after, change);
          rows.applyDueSteps(plan, now);
          expect(kidsOf(rows)).not.toEqual(kids);
        }
      }),
      { numRuns: 200 },
    );
  });
});

const kidsOf = (rows: InMemorySigningKeys): readonly string[] =>
  rows.published.map(({ kid }) => kid);
