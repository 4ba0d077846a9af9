import { createHmac } from 'node:crypto';
import { CleanupJob, createKeyRangeCleanup, UnitOfWork } from '@gatehouse/persistence';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Quota } from '@gatehouse/service-kit';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { DEFAULT_RATE_LIMITS, type LimitName } from './default-rate-limits.js';
import { ServerSecrets } from './server-secrets.js';
import { TooManyRequests } from './oauth-error.js';
import { SharedRateLimiter, type Usage } from './shared-rate-limiter.js';

const SLOT_COUNT = 65_536;

/**
 * Maps a key that anonymous requests can vary at will to one of a bounded number of counters, so that memory and rows are
 * bounded. The HMAC hides which keys share a counter, and no address is stored.
 */
export function hashToSlot(key: Buffer, text: string): string {
  const digest = createHmac('sha256', key).update(text).digest();
  return String(digest.readUInt32BE() % SLOT_COUNT);
}

const REPEAT_AFTER_MS = 60_000;
/** Bounds memory and lines: strangers choose the buckets. */
const MAX_BUCKETS = 1_000;
const MAX_BUCKET_LENGTH = 200;

/** Logs a limit that is hit: at most one line a minute for each bucket, and a thousand lines a minute in total. */
class LimitLog {
  private readonly logger = new Logger('RateLimits');
  /** When the line of a bucket was written, oldest first. */
  private readonly loggedAt = new Map<string, number>();

  /** @param bucket the network or the client that the limit counts for */
  report(name: string, { points, seconds }: Quota, bucket: string): void {
    const now = performance.now();
    for (const [key, at] of this.loggedAt) {
      if (now - at < REPEAT_AFTER_MS) break;
      this.loggedAt.delete(key);
    }
    const key = `${name} ${bucket.slice(0, MAX_BUCKET_LENGTH)}`;
    if (this.loggedAt.has(key) || this.loggedAt.size >= MAX_BUCKETS) return;
    this.loggedAt.set(key, now);
    const limit = `${name}=${points}/${seconds}`;
    const owner = JSON.stringify(bucket.slice(0, MAX_BUCKET_LENGTH));
    this.logger.warn(`The limit ${limit} of RATE_LIMITS is used up for ${owner}.`);
  }
}

/** The owner of a quota: a registered client, or anonymous requests that share a key such as their network. */
export type QuotaOwner =
  | { readonly kind: 'client'; readonly id: string }
  | { readonly kind: 'anonymous'; readonly key: string };

const toBucket = (owner: QuotaOwner): string => (owner.kind === 'client' ? owner.id : owner.key);

/** A quota and its consumed part. */
export interface QuotaState extends Usage {
  readonly name: LimitName;
  readonly quota: Quota;
}

/** Rate-limit windows that are over. The next request begins a new window in any case. */
const EXPIRED_RATE_LIMITS = {
  table: 'rate_limit',
  key: 'key',
  condition: 'expire < $1',
  retentionSeconds: 60,
};

/** The rate limits of `RATE_LIMITS`. With `RATE_LIMITS=off` nothing is counted. */
@Injectable()
export class RateLimitService implements OnModuleInit {
  private readonly limiters: ReadonlyMap<LimitName, SharedRateLimiter>;
  private readonly slotKey: Buffer;
  private readonly log = new LimitLog();

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cleanup: CleanupJob,
    database: DataSource,
    secrets: ServerSecrets,
    @Inject(AUTH_CONFIG) { RATE_LIMITS }: AuthConfig,
  ) {
    this.slotKey = secrets.derive('rate limits').current.key;
    const shared = unitOfWork.isPostgres ? database : undefined;
    this.limiters = RATE_LIMITS ? createLimiters(RATE_LIMITS, shared) : new Map();
  }

  onModuleInit(): void {
    this.cleanup.add(createKeyRangeCleanup(this.unitOfWork, EXPIRED_RATE_LIMITS));
  }

  /**
   * Counts one request, also beyond the quota.
   *
   * @returns undefined when rate limits are off
   */
  async consume(name: LimitName, owner: QuotaOwner): Promise<QuotaState | undefined> {
    const limiter = this.limiters.get(name);
    if (!limiter) return undefined;
    const usage = await limiter.consume(this.toKey(owner));
    if (usage.isOver) this.log.report(name, limiter.quota, toBucket(owner));
    return { name, quota: limiter.quota, ...usage };
  }

  /**
   * Counts nothing, because the outcome of the request decides whether it counts.
   *
   * @throws {TooManyRequests} when this process knows that the quota is consumed
   */
  checkNotExhausted(name: LimitName, owner: QuotaOwner): Promise<void> {
    const limiter = this.limiters.get(name);
    const usage = limiter?.peek(this.toKey(owner));
    if (!limiter || usage?.remaining !== 0) return Promise.resolve();
    this.log.report(name, limiter.quota, toBucket(owner));
    return Promise.reject(new TooManyRequests(usage.resetsIn));
  }

  private toKey(owner: QuotaOwner): string {
    return owner.kind === 'client' ? owner.id : hashToSlot(this.slotKey, owner.key);
  }
}

const LIMIT_NAMES = Object.keys(DEFAULT_RATE_LIMITS).filter((name): name is LimitName =>
  Object.hasOwn(DEFAULT_RATE_LIMITS, name),
);

const createLimiters = (
  quotas: Readonly<Record<LimitName, Quota>>,
  shared: DataSource | undefined,
): ReadonlyMap<LimitName, SharedRateLimiter> =>
  new Map(LIMIT_NAMES.map((name) => [name, new SharedRateLimiter(name, quotas[name], shared)]));

/** A reply of Fastify, or a part of it. */
interface HeaderWriter {
  headers(fields: Record<string, string>): unknown;
}

/**
 * Writes the header fields of draft-ietf-httpapi-ratelimit-headers-10.
 *
 * @throws {TooManyRequests} when the quota is exceeded
 */
export function enforceQuota(reply: HeaderWriter, quotaState: QuotaState | undefined): void {
  if (!quotaState) return;
  const { name, quota, remaining, resetsIn } = quotaState;
  reply.headers({
    'RateLimit-Policy': `"${name}";q=${quota.points};w=${quota.seconds}`,
    RateLimit: `"${name}";r=${remaining};t=${Math.ceil(resetsIn / 1000)}`,
  });
  if (quotaState.isOver) throw new TooManyRequests(resetsIn);
}
