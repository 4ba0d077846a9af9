import { UnitOfWork } from '@gatehouse/persistence';
import { Injectable } from '@nestjs/common';
import { FamilyLife } from '../refresh-tokens/family-life.js';
import type {
  EndReason,
  RefreshTokenFamily,
} from '../refresh-tokens/refresh-token-family.entity.js';
import { BrowserSessionLife } from './browser-session-life.js';

/** What stays of an account's sessions: one at a client, by `sid`, or a browser with all that began in it. */
export type Kept = { readonly session: string } | { readonly browserSession: string };

/**
 * People are logged out: what they hold at clients ends, and the browsers that could get it again without a password. Each is
 * one transaction, and joins a surrounding one.
 */
@Injectable()
export class Logouts {
  constructor(
    private readonly browsers: BrowserSessionLife,
    private readonly families: FamilyLife,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  /**
   * Everywhere, or everywhere else.
   * @returns how many sessions at clients ended that had not expired
   */
  ofAccount(accountId: string, reason: EndReason, kept?: Kept): Promise<number> {
    return this.unitOfWork.transaction(async () => {
      const except = await this.browserOf(accountId, kept);
      const inBrowsers = await this.browsers.end({ accountId, except }, reason);
      return inBrowsers + (await this.families.end(familiesBut(accountId, kept), reason));
    });
  }

  /**
   * A session at a client, and the browser that it began in.
   * @returns how many sessions at clients ended that had not expired
   */
  ofSession(
    { id: familyId, browserSessionId: id }: Pick<RefreshTokenFamily, 'id' | 'browserSessionId'>,
    reason: EndReason,
  ): Promise<number> {
    return this.unitOfWork.transaction(async () => {
      const inBrowser = id === null ? 0 : await this.browsers.end({ id }, reason);
      return inBrowser + (await this.families.end({ familyId }, reason));
    });
  }

  /** A session at a client keeps the browser that it began in. */
  private async browserOf(accountId: string, kept: Kept | undefined): Promise<string | undefined> {
    if (kept === undefined) return undefined;
    if ('browserSession' in kept) return kept.browserSession;
    const family = await this.families.find(accountId, kept.session);
    return family?.browser_session_id ?? undefined;
  }
}

const familiesBut = (accountId: string, kept: Kept | undefined) =>
  kept !== undefined && 'browserSession' in kept
    ? { accountId, exceptBrowserSession: kept.browserSession }
    : { accountId, exceptSession: kept?.session };
