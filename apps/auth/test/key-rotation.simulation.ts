import { Agenda } from './key-agenda.js';
import { type KeyPeriods, KeyPlan, type PlannedKey } from '../src/keys/key-plan.js';
import { PublishedKeySet } from '../src/keys/published-key-set.js';
import { KeyRows, SECOND } from './key-model.js';

export interface World {
  readonly periods: KeyPeriods;
  /** Seconds. */
  readonly maxAge: number;
  /** How far each clock may be off, either way, in milliseconds. */
  readonly skew: number;
  /** How long a replica may go by what it read before, in milliseconds. */
  readonly reload: number;
  /** Lifetime of the tokens, in milliseconds. */
  readonly ttl: number;
  readonly seed: number;
}

export interface Outcome {
  readonly rotations: number;
  readonly verifications: number;
  readonly failures: number;
  readonly fetches: number;
}

interface Token {
  readonly kid: string;
  /** By the clock of who signed it, in milliseconds. */
  readonly expiresAt: number;
}

/**
 * Replicas, verifiers and an operator in virtual time, which jumps from one event to the next. The plan, the key set and
 * its `Cache-Control` are the real ones; keys are names, and a signature verifies where its name is in the set.
 */
export class Simulation {
  private readonly plan: KeyPlan;
  private readonly rows = new KeyRows();
  private readonly agenda = new Agenda();
  private readonly random: () => number;
  private readonly replicas: readonly Replica[];
  private readonly verifiers: readonly Verifier[];
  /** The set as the database had it, newest last, as long as a replica may know it. */
  private history: { readonly at: number; readonly keys: readonly PlannedKey[] }[] = [];
  private readonly sets = new WeakMap<readonly PlannedKey[], PublishedKeySet>();
  private rotations = 0;
  private verifications = 0;
  private failures = 0;

  constructor(private readonly world: World) {
    this.plan = new KeyPlan(world.periods, ['ES256']);
    this.random = randomness(world.seed);
    const { skew } = world;
    this.replicas = [-skew, -skew, 0, skew, skew].map((ahead) => new Replica(ahead));
    this.verifiers = [-skew, 0, skew].flatMap((ahead) =>
      [false, true].map((asksForUnknown) => new Verifier(ahead, asksForUnknown)),
    );
  }

  run(rotations: number): Outcome {
    this.upkeep(1_000_000 * SECOND);
    while (this.rotations < rotations) this.agenda.next();
    const fetches = this.verifiers.reduce((sum, verifier) => sum + verifier.fetches, 0);
    const { verifications, failures } = this;
    return { rotations: this.rotations, verifications, failures, fetches };
  }

  /** Whichever replica has the lease follows the plan, soon after it is time by its clock. */
  private upkeep(now: number): void {
    const leader = this.pick(this.replicas);
    const steps = this.rows.keepUp(this.plan, now + leader.ahead);
    this.changed(now);
    const rotated = steps.some(({ what }) => what === 'activate');
    if (rotated) this.period(now);
    const next = this.plan.nextChange(this.rows.published);
    const due = Math.max(now, next - this.pick(this.replicas).ahead);
    this.agenda.add(due + this.upTo(2 * SECOND), (then) => this.upkeep(then));
  }

  /** What happens between two rotations. */
  private period(now: number): void {
    this.rotations += 1;
    const { rotation } = this.world.periods;
    const issue = (at: number) => this.agenda.add(at, (then) => this.issue(then));
    const touch = (at: number) => this.agenda.add(at, (then) => this.fillCaches(then));
    // Around the change, when replicas disagree; and some time later, from caches that are as old as they may be.
    for (let n = 0; n < 8; n += 1) issue(now + this.upTo(this.world.reload + SECOND));
    for (let n = 0; n < 8; n += 1) issue(now + this.upTo(rotation));
    for (let n = 0; n < 3; n += 1) touch(now + rotation - this.upTo(10 * SECOND));
    const worst = now + rotation - this.world.maxAge * SECOND + this.upTo(this.world.skew);
    if (this.random() < 0.2) this.revokeSuccessor(now + this.upTo(rotation));
    if (this.random() < 0.2) this.revokeSuccessor(Math.max(now, worst));
  }

  /** Worst where the rotation is due when caches that were filled just before end. */
  private revokeSuccessor(at: number): void {
    this.agenda.add(at - 1, (now) => this.fillCaches(now));
    this.agenda.add(at + this.upTo(this.world.reload), (now) => this.fillCaches(now));
    this.agenda.add(at, (now) => {
      const pending = this.rows.published.find(({ state }) => state === 'pending');
      const here = now + this.pick(this.replicas).ahead;
      if (pending) this.rows.move(pending.kid, 'revoked', here);
      this.rows.keepUp(this.plan, here);
      this.changed(now);
    });
  }

  private issue(now: number): void {
    const replica = this.pick(this.replicas);
    const kid = this.plan.signer(this.seenBy(replica, now))?.kid ?? 'none';
    const token = { kid, expiresAt: now + replica.ahead + this.world.ttl };
    for (const verifier of this.verifiers) {
      const lastMoment = token.expiresAt - verifier.ahead - 1;
      const moments = [now, now + this.random() * (lastMoment - now), lastMoment];
      for (const at of moments) this.agenda.add(at, (then) => this.verify(verifier, token, then));
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
    const replica = this.pick(this.replicas);
    const keys = this.seenBy(replica, now);
    const [, seconds] = /max-age=(\d+)/.exec(
      this.setOf(keys).cacheControl(now + replica.ahead),
    ) ?? [undefined, '0'];
    verifier.keep(new Set(keys.map(({ kid }) => kid)), now + Number(seconds) * SECOND);
  }

  private setOf(keys: readonly PlannedKey[]): PublishedKeySet {
    const known = this.sets.get(keys);
    if (known) return known;
    const jwks = keys.map(({ kid, algorithm }) => ({ kid, alg: algorithm, use: 'sig' }) as const);
    const schedule = { changesAt: this.plan.nextChange(keys), maxAge: this.world.maxAge };
    const set = new PublishedKeySet(jwks, schedule);
    this.sets.set(keys, set);
    return set;
  }

  private changed(now: number): void {
    const oldest = now - this.world.reload;
    const kept = this.history.findLastIndex(({ at }) => at <= oldest);
    this.history = [
      ...this.history.slice(Math.max(0, kept)),
      { at: now, keys: this.rows.published },
    ];
  }

  /** A replica never goes back to an older state. */
  private seenBy(replica: Replica, now: number): readonly PlannedKey[] {
    replica.readAt = Math.max(replica.readAt, now - this.upTo(this.world.reload));
    const seen = this.history.findLast(({ at }) => at <= replica.readAt) ?? this.history[0];
    return seen?.keys ?? [];
  }

  private upTo(milliseconds: number): number {
    return Math.floor(this.random() * milliseconds);
  }

  private pick<T>(choices: readonly T[]): T {
    const choice = choices[this.upTo(choices.length)];
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
    /** Else it asks again only when its copy is no longer fresh. */
    readonly asksForUnknown: boolean,
  ) {}

  keep(kids: ReadonlySet<string>, freshUntil: number): void {
    this.fetches += 1;
    this.kids = kids;
    this.freshUntil = freshUntil;
  }
}

/** A linear congruential generator, of whose state the upper half is used: the same seed tells the same story. */
function randomness(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n);
    return Number(state >> 32n) / 2 ** 32;
  };
}
