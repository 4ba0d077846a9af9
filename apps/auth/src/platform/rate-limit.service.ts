import { createHmac } from 'node:crypto';
import { CleanupJob, createKeyRangeCleanup, UnitOfWork } from '@gatehouse/persistence';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from 'rate-limiter-flexible';
import type { Quota } from '@gatehouse/service-kit';
import {
  AUTH_CONFIG,
  type AuthConfig,
  DEFAULT_RATE_LIMITS,
  type LimitName,
} from '../auth.config.js';
import { ServerSecrets } from './server-secrets.js';
import { TooManyRequests } from './oauth-error.js';

/** The consumed part of a quota. */
export interface Usage {
  readonly isOver: boolean;
  readonly remaining: number;
  /** Milliseconds until the full quota is available again. */
  readonly resetsIn: number;
}

/**
 * One quota per key. Each process counts locally until a tenth of the quota is consumed; from there on the processes on one
 * PostgreSQL database count together. So rare requests cost no query, frequent requests are counted across all replicas, and a
 * process that cannot reach the database goes on counting.
 */
export class SharedRateLimiter {
  private readonly local: RateLimiterMemory;
  private readonly shared: RateLimiterPostgres | undefined;
  private readonly localOnlyPoints: number;

  /** @param shared the PostgreSQL database that the processes share; undefined when there is one process */
  constructor(
    readonly name: LimitName,
    readonly quota: Quota,
    shared: DataSource | undefined,
  ) {
    const options = { keyPrefix: name, points: quota.points, duration: quota.seconds };
    this.localOnlyPoints = Math.floor(quota.points / 10);
    this.local = new RateLimiterMemory(options);
    this.shared = shared && createPostgresLimiter(shared, options);
  }

  /** Counts one request. */
  async consume(key: string): Promise<Usage> {
    const local = await toResult(this.local.consume(key));
    const { consumedPoints } = local;
    if (!this.shared || consumedPoints <= this.localOnlyPoints || this.isOver(local)) {
      return this.toUsage(local);
    }
    const unreported = consumedPoints === this.localOnlyPoints + 1 ? consumedPoints : 1;
    const total = await toResult(this.shared.consume(key, unreported)).catch(() => local);
    // Blocks the key locally, so that further requests beyond the quota cost no query.
    if (this.isOver(total)) await this.local.block(key, Math.max(1, total.msBeforeNext / 1000));
    return this.toUsage(total);
  }

  /** The usage that this process knows of. It counts nothing. */
  async peek(key: string): Promise<Usage> {
    const local = await this.local.get(key);
    if (local) return this.toUsage(local);
    return { isOver: false, remaining: this.quota.points, resetsIn: 0 };
  }

  private isOver({ consumedPoints }: RateLimiterRes): boolean {
    return consumedPoints > this.quota.points;
  }

  private toUsage(counted: RateLimiterRes): Usage {
    const { remainingPoints: remaining, msBeforeNext: resetsIn } = counted;
    return { isOver: this.isOver(counted), remaining, resetsIn };
  }
}

interface LimiterOptions {
  readonly keyPrefix: string;
  readonly points: number;
  readonly duration: number;
}

/** Uses the existing pool and the table of our migrations. The clean-up job removes expired rows. */
const createPostgresLimiter = (storeClient: DataSource, options: LimiterOptions) =>
  new RateLimiterPostgres({
    ...options,
    storeClient,
    storeType: 'typeorm',
    tableName: 'rate_limit',
    tableCreated: true,
    clearExpiredByTimeout: false,
  });

/** The library throws the result when the quota is exceeded. Here it is a normal result. */
async function toResult(counting: Promise<RateLimiterRes>): Promise<RateLimiterRes> {
  try {
    return await counting;
  } catch (error) {
    if (error instanceof RateLimiterRes) return error;
    throw error;
  }
}

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
    const limits = RATE_LIMITS && createLimiters(RATE_LIMITS, shared);
    this.limiters = new Map(limits?.map((limit) => [limit.name, limit]));
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
  async checkNotExhausted(name: LimitName, owner: QuotaOwner): Promise<void> {
    const limiter = this.limiters.get(name);
    const usage = await limiter?.peek(this.toKey(owner));
    if (!limiter || usage?.remaining !== 0) return;
    this.log.report(name, limiter.quota, toBucket(owner));
    throw new TooManyRequests(usage.resetsIn);
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
): SharedRateLimiter[] =>
  LIMIT_NAMES.map((name) => new SharedRateLimiter(name, quotas[name], shared));

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
