import {
  type KeyPeriods,
  KeyRotationPlan,
  type PlannedKey,
} from '../../src/tokens/keys/key-rotation-plan.js';
import { PublishedKeySet } from '../../src/tokens/keys/jwk.js';
import { EventQueue } from './event-queue.js';
import { InMemorySigningKeys, SECOND } from './in-memory-signing-keys.js';

export interface SimulationSettings {
  readonly periods: KeyPeriods;
  /** Seconds. */
  readonly maxAge: number;
  /** How far each clock may be off in both directions, in milliseconds. */
  readonly skew: number;
  /** Maximum age of the keys that a replica has read, in milliseconds. */
  readonly reload: number;
  /** Lifetime of the tokens, in milliseconds. */
  readonly ttl: number;
  readonly seed: number;
}

export interface SimulationResult {
  readonly rotations: number;
  readonly verifications: number;
  readonly failures: number;
  readonly fetches: number;
}

interface Token {
  readonly kid: string;
  /** By the clock of the replica that signed it, in milliseconds. */
  readonly expiresAt: number;
}

/**
 * Simulates replicas, verifiers and an operator in virtual time, which jumps from one event to the next. The plan, the key set
 * and its `Cache-Control` are real. A key is only a name: a verifier accepts a token when the name is in its key set.
 */
export class KeyRotationSimulation {
  private readonly plan: KeyRotationPlan;
  private readonly signingKeys = new InMemorySigningKeys();
  private readonly queue = new EventQueue();
  private readonly random: () => number;
  private readonly replicas: readonly Replica[];
  private readonly verifiers: readonly Verifier[];
  /** The states of the database that a replica may still hold, newest last. */
  private history: { readonly at: number; readonly keys: readonly PlannedKey[] }[] = [];
  private readonly sets = new WeakMap<readonly PlannedKey[], PublishedKeySet>();
  private rotations = 0;
  private verifications = 0;
  private failures = 0;

  constructor(private readonly settings: SimulationSettings) {
    this.plan = new KeyRotationPlan(settings.periods, ['ES256']);
    this.random = createRandom(settings.seed);
    const { skew } = settings;
    this.replicas = [-skew, -skew, 0, skew, skew].map((ahead) => new Replica(ahead));
    this.verifiers = [-skew, 0, skew].flatMap((ahead) =>
      [false, true].map((asksForUnknown) => new Verifier(ahead, asksForUnknown)),
    );
  }

  run(rotations: number): SimulationResult {
    this.rotateKeys(1_000_000 * SECOND);
    while (this.rotations < rotations) this.queue.runNext();
    const fetches = this.verifiers.reduce((sum, verifier) => sum + verifier.fetches, 0);
    const { verifications, failures } = this;
    return { rotations: this.rotations, verifications, failures, fetches };
  }

  /** The replica that holds the lease follows the plan, soon after a step is due by its clock. */
  private rotateKeys(now: number): void {
    const leader = this.pickOne(this.replicas);
    const steps = this.signingKeys.applyDueSteps(this.plan, now + leader.ahead);
    this.recordChange(now);
    const rotated = steps.some(({ kind }) => kind === 'activate');
    if (rotated) this.scheduleRequests(now);
    const next = this.plan.findNextChange(this.signingKeys.published);
    const due = Math.max(now, next - this.pickOne(this.replicas).ahead);
    this.queue.add(due + this.randomUpTo(2 * SECOND), (then) => this.rotateKeys(then));
  }

  /** Schedules the requests and revocations until the next rotation. */
  private scheduleRequests(now: number): void {
    this.rotations += 1;
    const { rotationMs: rotation } = this.settings.periods;
    const issue = (at: number) => this.queue.add(at, (then) => this.issue(then));
    const touch = (at: number) => this.queue.add(at, (then) => this.fillCaches(then));
    // Shortly after the change, when replicas disagree, and later, from caches of maximum age.
    for (let n = 0; n < 8; n += 1) issue(now + this.randomUpTo(this.settings.reload + SECOND));
    for (let n = 0; n < 8; n += 1) issue(now + this.randomUpTo(rotation));
    for (let n = 0; n < 3; n += 1) touch(now + rotation - this.randomUpTo(10 * SECOND));
    const worst =
      now + rotation - this.settings.maxAge * SECOND + this.randomUpTo(this.settings.skew);
    if (this.random() < 0.2) this.revokeSuccessor(now + this.randomUpTo(rotation));
    if (this.random() < 0.2) this.revokeSuccessor(Math.max(now, worst));
  }

  /** The worst case: caches that were filled just before the revocation expire when the rotation is due. */
  private revokeSuccessor(at: number): void {
    this.queue.add(at - 1, (now) => this.fillCaches(now));
    this.queue.add(at + this.randomUpTo(this.settings.reload), (now) => this.fillCaches(now));
    this.queue.add(at, (now) => {
      const pending = this.signingKeys.published.find(({ state }) => state === 'pending');
      const localTime = now + this.pickOne(this.replicas).ahead;
      if (pending) this.signingKeys.setState(pending.kid, 'revoked', localTime);
      this.signingKeys.applyDueSteps(this.plan, localTime);
      this.recordChange(now);
    });
  }

  private issue(now: number): void {
    const replica = this.pickOne(this.replicas);
    const kid = this.plan.selectDefaultSigner(this.getKeysSeenBy(replica, now))?.kid ?? 'none';
    const token = { kid, expiresAt: now + replica.ahead + this.settings.ttl };
    for (const verifier of this.verifiers) {
      const lastMoment = token.expiresAt - verifier.ahead - 1;
      const moments = [now, now + this.random() * (lastMoment - now), lastMoment];
      for (const at of moments) this.queue.add(at, (then) => this.verify(verifier, token, then));
    }
  }

  private verify(verifier: Verifier, { kid }: Token, now: number): void {
    this.verifications += 1;
    const isCold = this.random() < 0.05;
    if (isCold || now >= verifier.freshUntil) this.fetch(verifier, now);
    if (!verifier.kids.has(kid) && verifier.asksForUnknown) this.fetch(verifier, now);
    if (!verifier.kids.has(kid)) this.failures += 1;
  }

  private fillCaches(now: number): void {
    for (const verifier of this.verifiers) {
      if (now >= verifier.freshUntil) this.fetch(verifier, now);
    }
  }

  private fetch(verifier: Verifier, now: number): void {
    const replica = this.pickOne(this.replicas);
    const keys = this.getKeysSeenBy(replica, now);
    const [, seconds] = /max-age=(\d+)/.exec(
      this.getKeySet(keys).cacheControl(now + replica.ahead),
    ) ?? [undefined, '0'];
    verifier.keep(new Set(keys.map(({ kid }) => kid)), now + Number(seconds) * SECOND);
  }

  private getKeySet(keys: readonly PlannedKey[]): PublishedKeySet {
    const cached = this.sets.get(keys);
    if (cached) return cached;
    const jwks = keys.map(({ kid, algorithm }) => ({ kid, alg: algorithm, use: 'sig' }) as const);
    const schedule = { changesAt: this.plan.findNextChange(keys), maxAge: this.settings.maxAge };
    const set = new PublishedKeySet(jwks, schedule);
    this.sets.set(keys, set);
    return set;
  }

  private recordChange(now: number): void {
    const oldest = now - this.settings.reload;
    const kept = this.history.findLastIndex(({ at }) => at <= oldest);
    this.history = [
      ...this.history.slice(Math.max(0, kept)),
      { at: now, keys: this.signingKeys.published },
    ];
  }

  /** A replica never returns to an older state. */
  private getKeysSeenBy(replica: Replica, now: number): readonly PlannedKey[] {
    replica.readAt = Math.max(replica.readAt, now - this.randomUpTo(this.settings.reload));
    const seen = this.history.findLast(({ at }) => at <= replica.readAt) ?? this.history[0];
    return seen?.keys ?? [];
  }

  private randomUpTo(milliseconds: number): number {
    return Math.floor(this.random() * milliseconds);
  }

  private pickOne<T>(choices: readonly T[]): T {
    const choice = choices[this.randomUpTo(choices.length)];
    if (choice === undefined) throw new Error('nothing to choose from');
    return choice;
  }
}

class Replica {
  readAt = 0;
  constructor(readonly ahead: number) {}
}

class Verifier {
  fetches = 0;
  freshUntil = Number.NEGATIVE_INFINITY;
  kids: ReadonlySet<string> = new Set();

  constructor(
    readonly ahead: number,
    /** Whether the verifier fetches the set again for an unknown key. Otherwise it waits until its copy expires. */
    readonly asksForUnknown: boolean,
  ) {}

  keep(kids: ReadonlySet<string>, freshUntil: number): void {
    this.fetches += 1;
    this.kids = kids;
    this.freshUntil = freshUntil;
  }
}

/** A linear congruential generator that returns the upper half of its state. The same seed repeats the same simulation. */
function createRandom(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
    return Number(state >> 32n) / 2 ** 32;
  };
}
