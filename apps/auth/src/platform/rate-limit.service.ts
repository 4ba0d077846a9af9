import { createHmac } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  AUTH_CONFIG,
  type AuthConfig,
  LIMIT_NAMES,
  type LimitName,
  type Quota,
  type RateLimitSettings,
} from '../auth.config.js';
import { ServerSecrets } from './server-secrets.js';
import { SharedRateLimiter, type Usage } from './shared-rate-limiter.js';
import { TooManyRequests } from './too-many-requests.js';

const SLOT_COUNT = 65_536;

/**
 * Maps a key that anonymous requests can vary at will to one of a bounded number of counters, so that memory and rows are
 * bounded. The HMAC hides which keys share a counter, and no address is stored.
 */
export function hashToSlot(key: Buffer, text: string): string {
  const digest = createHmac('sha256', key).update(text).digest();
  return String(digest.readUInt32BE() % SLOT_COUNT);
}

/** The owner of a quota: a registered client, or anonymous requests that share a key such as their network. */
export type QuotaOwner =
  | { readonly kind: 'client'; readonly id: string }
  | { readonly kind: 'anonymous'; readonly key: string };

/** A quota and its consumed part. */
export interface QuotaState extends Usage {
  readonly name: LimitName;
  readonly quota: Quota;
}

/** The rate limits of `RATE_LIMITS`. With `RATE_LIMITS=off` nothing is counted. */
@Injectable()
export class RateLimitService {
  private readonly limiters: ReadonlyMap<LimitName, SharedRateLimiter>;
  private readonly slotKey: Buffer;

  constructor(
    unitOfWork: UnitOfWork,
    database: DataSource,
    secrets: ServerSecrets,
    @Inject(AUTH_CONFIG) { RATE_LIMITS }: AuthConfig,
  ) {
    this.slotKey = secrets.derive('rate limits').current.key;
    const shared = unitOfWork.isPostgres ? database : undefined;
    const limits = RATE_LIMITS && createLimiters(RATE_LIMITS, shared);
    this.limiters = new Map(limits?.map((limit) => [limit.name, limit]));
  }

  /**
   * Counts one request, also beyond the quota.
   *
   * @returns undefined when rate limits are off
   */
  async consume(name: LimitName, owner: QuotaOwner): Promise<QuotaState | undefined> {
    const limiter = this.limiters.get(name);
    if (!limiter) return undefined;
    return { name, quota: limiter.quota, ...(await limiter.consume(this.toKey(owner))) };
  }

  /**
   * Counts nothing, because the outcome of the request decides whether it counts.
   *
   * @throws {TooManyRequests} when this process knows that the quota is consumed
   */
  async checkNotExhausted(name: LimitName, owner: QuotaOwner): Promise<void> {
    const usage = await this.limiters.get(name)?.peek(this.toKey(owner));
    if (usage?.remaining === 0) throw new TooManyRequests(usage.resetsIn);
  }

  private toKey(owner: QuotaOwner): string {
    return owner.kind === 'client' ? owner.id : hashToSlot(this.slotKey, owner.key);
  }
}

const createLimiters = (
  quotas: RateLimitSettings,
  shared: DataSource | undefined,
): SharedRateLimiter[] =>
  LIMIT_NAMES.map((name) => new SharedRateLimiter(name, quotas[name], shared));
