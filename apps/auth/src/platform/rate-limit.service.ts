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
 * What strangers can be told apart by goes into a bounded number of counters: whatever they do, no more memory and no more
 * rows. Nobody outside knows who shares a counter with whom, and no address is stored.
 */
export function hashToSlot(key: Buffer, text: string): string {
  const digest = createHmac('sha256', key).update(text).digest();
  return String(digest.readUInt32BE() % SLOT_COUNT);
}

/** Whose quota it is: a registered client's, or that of whoever is told apart by something that anybody may make up. */
export type QuotaOwner = { readonly client: string } | { readonly stranger: string };

/** How much is left of which quota. */
export interface QuotaState extends Usage {
  readonly name: LimitName;
  readonly quota: Quota;
}

/** How often something may be done. Where it is switched off, nothing is counted. */
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
   * Counts one more, whether or not there is room for it.
   * @returns undefined where nothing is counted
   */
  async consume(name: LimitName, spender: QuotaOwner): Promise<QuotaState | undefined> {
    const limit = this.limiters.get(name);
    if (!limit) return undefined;
    return { name, quota: limit.quota, ...(await limit.consume(this.toKey(spender))) };
  }

  /**
   * Counts nothing: for what is spent by what comes of the request.
   * @throws {TooManyRequests} where all is spent, as far as this process knows
   */
  async checkNotExhausted(name: LimitName, spender: QuotaOwner): Promise<void> {
    const spending = await this.limiters.get(name)?.peek(this.toKey(spender));
    if (spending?.remaining === 0) throw new TooManyRequests(spending.resetsIn);
  }

  private toKey(spender: QuotaOwner): string {
    return 'client' in spender ? spender.client : hashToSlot(this.slotKey, spender.stranger);
  }
}

const createLimiters = (
  quotas: RateLimitSettings,
  shared: DataSource | undefined,
): SharedRateLimiter[] =>
  LIMIT_NAMES.map((name) => new SharedRateLimiter(name, quotas[name], shared));
