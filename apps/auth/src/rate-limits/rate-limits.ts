import { UnitOfWork } from '@gatehouse/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { ServerSecrets } from '../keys/server-secrets.js';
import { Limit, type Spending } from './limit.js';
import {
  LIMIT_NAMES,
  type LimitName,
  type Quota,
  type RateLimitSettings,
} from './rate-limit-settings.js';
import { slotOf } from './slots.js';
import { TooManyRequests } from './too-many-requests.js';

/** Whose quota it is: a registered client's, or that of whoever is told apart by something that anybody may make up. */
export type Spender = { readonly client: string } | { readonly stranger: string };

/** How much is left of which quota. */
export interface Standing extends Spending {
  readonly name: LimitName;
  readonly quota: Quota;
}

/** How often something may be done. Where it is switched off, nothing is counted. */
@Injectable()
export class RateLimits {
  private readonly limits: ReadonlyMap<LimitName, Limit>;
  private readonly slotKey: Buffer;

  constructor(
    unitOfWork: UnitOfWork,
    database: DataSource,
    secrets: ServerSecrets,
    @Inject(AUTH_CONFIG) { RATE_LIMITS }: AuthConfig,
  ) {
    this.slotKey = secrets.derive('rate limits').current.key;
    const shared = unitOfWork.isPostgres ? database : undefined;
    const limits = RATE_LIMITS && limitsBy(RATE_LIMITS, shared);
    this.limits = new Map(limits?.map((limit) => [limit.name, limit]));
  }

  /**
   * Counts one more, whether or not there is room for it.
   * @returns undefined where nothing is counted
   */
  async spend(name: LimitName, spender: Spender): Promise<Standing | undefined> {
    const limit = this.limits.get(name);
    if (!limit) return undefined;
    return { name, quota: limit.quota, ...(await limit.spend(this.keyOf(spender))) };
  }

  /**
   * Counts nothing: for what is spent by what comes of the request.
   * @throws {TooManyRequests} where all is spent, as far as this process knows
   */
  async refuseIfSpent(name: LimitName, spender: Spender): Promise<void> {
    const spending = await this.limits.get(name)?.look(this.keyOf(spender));
    if (spending?.remaining === 0) throw new TooManyRequests(spending.resetsIn);
  }

  private keyOf(spender: Spender): string {
    return 'client' in spender ? spender.client : slotOf(this.slotKey, spender.stranger);
  }
}

const limitsBy = (quotas: RateLimitSettings, shared: DataSource | undefined): Limit[] =>
  LIMIT_NAMES.map((name) => new Limit(name, quotas[name], shared));
