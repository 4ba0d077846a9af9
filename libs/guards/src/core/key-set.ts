import type { ResolvedGuardsOptions } from '../nest/guards.options.js';
import { KeysUnavailable } from '../nest/bearer-error.js';
import type { KeySetSource } from './key-set-source.js';
import { RefreshSchedule } from './refresh-schedule.js';
import type { VerificationKey } from './verification-key.js';

/**
 * One issuer's keys, all of them, fetched when a token needs them and never more than once at a time. No token
 * whose key is known ever waits for one whose key is not.
 */
export class KeySet {
  private keys: ReadonlyMap<string, VerificationKey> = new Map();
  private refreshing: Promise<void> | undefined;
  private lastFailure: unknown;
  private readonly schedule: RefreshSchedule;

  constructor(
    private readonly options: Pick<ResolvedGuardsOptions, 'keySet' | 'now'>,
    private readonly source: KeySetSource,
  ) {
    const { cooldownSeconds, maxStaleSeconds } = options.keySet;
    this.schedule = new RefreshSchedule(cooldownSeconds * 1000, maxStaleSeconds * 1000);
  }

  /**
   * Resolves when tokens can be verified, fetching the keys if there are none. For readiness probes.
   *
   * @throws KeysUnavailable
   */
  async ready(): Promise<void> {
    const now = this.options.now();
    if (this.schedule.isDue(now)) {
      const refreshed = this.refresh();
      if (this.schedule.shouldAwaitRefresh(now)) await refreshed;
    }
    if (!this.schedule.isUsable(this.options.now())) throw this.toUnavailableError();
  }

  /** How old the set is, in seconds; infinite where there is none. For monitoring. */
  get ageSeconds(): number {
    return this.schedule.ageMs(this.options.now()) / 1000;
  }

  /**
   * The key with this identifier, if nothing has to be waited for. Starts a fetch in the background when the set
   * has had most of its time.
   */
  findCached(kid: string, now: number): VerificationKey | undefined {
    if (this.schedule.shouldAwaitRefresh(now)) return undefined;
    if (this.schedule.isDue(now)) void this.refresh();
    return this.keys.get(kid);
  }

  /**
   * The key with this identifier, or undefined when the issuer has none.
   *
   * @throws KeysUnavailable when that cannot be known now
   */
  async find(kid: string): Promise<VerificationKey | undefined> {
    await this.ready();
    return this.keys.get(kid) ?? this.refetchUnknown(kid);
  }

  /** Perhaps it was published since. The cooldown is for the whole process, however many identifiers are tried. */
  private async refetchUnknown(kid: string): Promise<VerificationKey | undefined> {
    const mayAsk = this.schedule.canFetchForUnknownKey(this.options.now());
    if (mayAsk || this.refreshing) await this.refresh();
    const key = this.keys.get(kid);
    if (!key && this.schedule.isFailing) throw this.toUnavailableError();
    return key;
  }

  /** The issuer's keys have changed, as was learned elsewhere: the set is due at once, or when the cooldown has passed. */
  refreshSoon(): void {
    // What is on its way may be from before.
    if (this.refreshing) return void this.refreshing.then(() => this.refreshSoon());
    const now = this.options.now();
    this.schedule.refreshSoon(now);
    if (this.schedule.isDue(now)) void this.refresh();
  }

  private refresh(): Promise<void> {
    this.refreshing ??= this.fetch().finally(() => {
      this.refreshing = undefined;
    });
    return this.refreshing;
  }

  /** Never rejects: whether the old keys are still good enough is for each caller to see. */
  private async fetch(): Promise<void> {
    this.schedule.recordAttempt(this.options.now());
    try {
      const { keys, lifetimeMs } = await this.source.fetch();
      this.keys = this.reuseUnchangedKeys(keys);
      this.schedule.recordSuccess(this.options.now(), lifetimeMs);
    } catch (error) {
      this.lastFailure = error;
      this.schedule.recordFailure(this.options.now());
    }
  }

  /** A key that stays is the same object before and after, which is how remembered tokens know it. */
  private reuseUnchangedKeys(fetched: ReadonlyMap<string, VerificationKey>) {
    return new Map(
      [...fetched].map(([kid, key]) => {
        const known = this.keys.get(kid);
        return [kid, known && key.equals(known) ? known : key];
      }),
    );
  }

  private toUnavailableError(): KeysUnavailable {
    return new KeysUnavailable(
      this.schedule.retryAfterSeconds(this.options.now()),
      this.lastFailure,
    );
  }
}
