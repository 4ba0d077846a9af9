import fc from 'fast-check';
import { authConfig } from '../../src/auth.config.js';
import { createKeyRotationPlan } from '../../src/tokens/keys/key-rotation-periods.js';
import {
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

const { rotation, lead, tail } = HOURLY_PERIODS;
const plan = new KeyRotationPlan(HOURLY_PERIODS, ['ES256']);
const NOW = 1_000_000 * SECOND;

const aKey = (state: PlannedKey['state'], age: number, kid: string = state): PlannedKey => ({
  kid,
  algorithm: 'ES256',
  state,
  changedAt: NOW - age,
});
const rs256 = (key: PlannedKey): PlannedKey => ({ ...key, algorithm: 'RS256' });

describe('what is due for the signing keys', () => {
  const young = aKey('active', rotation - 1);
  const due = aKey('active', rotation);
  const known = aKey('pending', lead);
  const unknown = aKey('pending', lead - 1);

  it.each<[string, readonly PlannedKey[], object | undefined]>([
    ['there are none: the first is made', [], { what: 'stage' }],
    ['nobody signs: the pending one does at once', [unknown], { what: 'activate', kid: 'pending' }],
    ['no successor is published: one is', [young], { what: 'stage' }],
    ['the active one is young: nothing', [young, known], undefined],
    ['its time is over: the successor signs', [due, known], { what: 'activate', kid: 'pending' }],
    [
      'the successor is not known to all verifiers yet: the rotation waits',
      [due, unknown],
      undefined,
    ],
    [
      'the last token of an old one has expired: it leaves',
      [young, known, aKey('retiring', tail)],
      { what: 'retire', kid: 'retiring' },
    ],
    [
      'a token of an old one may be about: it stays',
      [young, known, aKey('retiring', tail - 1)],
      undefined,
    ],
    [
      'of another algorithm than wanted, the key signs on while the new one becomes known',
      [rs256(due), unknown],
      undefined,
    ],
    ['then the new one signs', [rs256(due), known], { what: 'activate', kid: 'pending' }],
    [
      'and the old one stops when it would have',
      [young, known, rs256(aKey('active', rotation, 'old'))],
      { what: 'withdraw', kid: 'old' },
    ],
    [
      'but not sooner, for replicas that want it still',
      [young, known, rs256(aKey('active', rotation - 1, 'old'))],
      undefined,
    ],
    [
      'its successor never signs',
      [young, known, rs256(aKey('pending', rotation, 'old'))],
      { what: 'retire', kid: 'old' },
    ],
  ])('%s', (_title, keys, step) => {
    const first = plan.findDueStep(keys, NOW);
    if (step === undefined) expect(first).toBeUndefined();
    else expect(first).toMatchObject(step);
  });

  it('by default: a month of signing, 425 seconds before, an hour and some minutes after', () => {
    expect(createKeyRotationPlan(authConfig({})).periods).toEqual({
      rotation: 30 * DAY,
      lead: (300 + 2 * 60 + 5) * SECOND,
      tail: (3600 + 4 * 60 + 5) * SECOND,
    });
  });

  it('refuses a rotation that no verifier could keep up with, and says what to set', () => {
    const settings = { KEY_SET_MAX_AGE: '10', CLOCK_SKEW: '2' };
    const planned = (KEY_ROTATION_PERIOD: string) => () =>
      createKeyRotationPlan(authConfig({ ...settings, KEY_ROTATION_PERIOD }));
    expect(planned('19')).not.toThrow();
    expect(planned('18')).toThrow(/KEY_ROTATION_PERIOD: 18 is too short.* 19 seconds/s);
  });
});

/** Something that happens after some milliseconds. */
interface Happening {
  readonly after: number;
  readonly what: 'upkeep' | 'revoke the successor' | 'another algorithm';
}
const happenings = fc.array(
  fc.record<Happening>({
    after: fc.oneof(
      fc.constantFrom(0, 1, SECOND, lead - 1, lead, rotation - lead, rotation, tail),
      fc.integer({ min: 0, max: 3 * rotation }),
    ),
    what: fc.oneof(
      { weight: 8, arbitrary: fc.constant('upkeep' as const) },
      { weight: 2, arbitrary: fc.constant('revoke the successor' as const) },
      { weight: 1, arbitrary: fc.constant('another algorithm' as const) },
    ),
  }),
  { minLength: 1, maxLength: 40 },
);

/** What was seen of each key, kept apart from the rows. */
class Witness {
  readonly publishedAt = new Map<string, number>();
  readonly signedUntil = new Map<string, number>();

  look(rows: InMemorySigningKeys, current: KeyRotationPlan, now: number): void {
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

  left(kid: string, now: number): void {
    const last = this.signedUntil.get(kid);
    if (last !== undefined) expect(now - last).toBeGreaterThanOrEqual(tail);
  }

  private sign(kid: string, now: number): void {
    const isFirst = this.signedUntil.size === 0;
    if (!isFirst && !this.signedUntil.has(kid)) {
      expect(now - (this.publishedAt.get(kid) ?? now)).toBeGreaterThanOrEqual(lead);
    }
    this.signedUntil.set(kid, now);
  }
}

describe('whatever happens, and however late the upkeep comes, the plan', () => {
  it('has one key that signs, published for the lead time before, and for as long as its tokens live after (OIDC Core §10.1.1)', () => {
    fc.assert(
      fc.property(happenings, (story) => {
        const rows = new InMemorySigningKeys();
        const witness = new Witness();
        let wanted: SigningAlgorithm = 'ES256';
        let current = plan;
        let now = NOW;
        rows.applyDueSteps(current, now);
        witness.look(rows, current, now);
        for (const { after, what } of story) {
          now += after;
          // The key that signs does so until the very moment of the step.
          witness.look(rows, current, now);
          if (what === 'another algorithm') {
            wanted = wanted === 'ES256' ? 'RS256' : 'ES256';
            current = new KeyRotationPlan(HOURLY_PERIODS, [wanted]);
          }
          const pending = rows.published.find(({ state }) => state === 'pending');
          if (what === 'revoke the successor' && pending)
            rows.setState(pending.kid, 'revoked', now);
          const before = rows.published;
          rows.applyDueSteps(current, now);
          for (const { kid } of before.filter(
            (key) => !rows.published.some((k) => k.kid === key.kid),
          ))
            witness.left(kid, now);
          witness.look(rows, current, now);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('foretells when the published set changes', () => {
    fc.assert(
      fc.property(happenings, (story) => {
        const rows = new InMemorySigningKeys();
        let now = NOW;
        rows.applyDueSteps(plan, now);
        for (const { after } of story) {
          const change = plan.findNextChange(rows.published);
          const kids = kidsOf(rows);
          const before = Math.min(now + after, change - 1);
          const early: readonly KeyStep[] = rows.applyDueSteps(plan, before);
          expect([early.filter(({ what }) => what !== 'withdraw'), kidsOf(rows)]).toEqual([
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
