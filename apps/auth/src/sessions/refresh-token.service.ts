import { randomBytes } from 'node:crypto';
import type { SqlStatement } from '@gatehouse/persistence';
import type { RequestArrival } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { AuthenticatedAccount } from '../accounts/account.repository.js';
import type { ClaimedAccount, ClaimedCode } from './authorization-code.repository.js';
import { AccountTransactionService } from './account-transaction.service.js';
import type { DeviceInfo } from '../platform/network.js';
import {
  buildSessionClaims,
  RefreshTokenFormat,
  type SessionClaims,
} from './refresh-token-family.entity.js';
import {
  type NewRefreshTokenFamily,
  RefreshTokenFamilyRepository,
} from './refresh-token-family.repository.js';
import { RefreshTokenRevocation } from './refresh-token-revocation.service.js';
import { type RefreshTokenClient, RefreshTokenLimits } from './refresh-token-limits.js';

/** The access that a login grants to a client. */
export interface FamilyGrant {
  readonly accountId: string;
  readonly client: RefreshTokenClient;
  readonly scope: readonly string[];
  readonly resources: readonly string[];
  /** The earlier authentication of the person in a browser session. Without it, the person authenticates now. */
  readonly authentication?: Authentication;
  /** The `claims` parameter of OpenID Connect Core §5.5, as JSON. */
  readonly claims?: string | null;
  /** Thumbprint of the key that the tokens are bound to (RFC 9449 §5). */
  readonly dpopJkt?: string | undefined;
  /** The request of the login. No family is created after its client left. */
  readonly arrival?: RequestArrival;
  /** Writes more in the transaction that creates the family. */
  readonly onClaimed?: (sessionId: string) => Promise<void>;
}

/** A grant to a person who has just proved to know the password. */
export interface PasswordGrant extends Omit<FamilyGrant, 'accountId' | 'authentication'> {
  readonly account: AuthenticatedAccount;
  readonly device: DeviceInfo;
}

/** What the login of a grant depends on. */
interface FamilyClaim<Row> {
  /** {@link Login.claim} */
  readonly statements: (familyId: string) => readonly SqlStatement[];
  readonly findDevice: (row: Row) => DeviceInfo;
}

/** When and how a person authenticated. */
export interface Authentication {
  readonly at: Date;
  /** RFC 8176. */
  readonly amr: readonly string[];
  readonly browserSessionId: string;
}

/** The first refresh token of a login, and its session. */
export interface CreatedRefreshToken {
  readonly token: string;
  readonly session: SessionClaims;
}

/** Creates and revokes refresh token families. */
@Injectable()
export class RefreshTokenService {
  constructor(
    private readonly families: RefreshTokenFamilyRepository,
    private readonly transactions: AccountTransactionService,
    private readonly format: RefreshTokenFormat,
    private readonly revocation: RefreshTokenRevocation,
    private readonly limits: RefreshTokenLimits,
  ) {}

  /**
   * Creates a family with the first refresh token of a login. If the account has more sessions than its limit, the oldest of the client
   * ends, or else the oldest.
   * @returns undefined if the account was disabled, its password changed, or a role of the scope was revoked since the person
   * authenticated
   */
  create({ account, device, ...grant }: PasswordGrant): Promise<CreatedRefreshToken | undefined> {
    const statements = () => this.transactions.claimAccount(account);
    const claim = { statements, findDevice: () => device };
    return this.insertClaimed({ ...grant, accountId: account.id }, claim);
  }

  /**
   * As {@link create}, for a person who authenticated before. The same transaction uses the code.
   * @param useCode see {@link AuthorizationCodeRepository.buildClaim}
   * @returns undefined if the code was used, or the session or the consent of the person ended
   */
  async createByCode(
    grant: FamilyGrant,
    useCode: (familyId: string) => readonly SqlStatement[],
  ): Promise<(CreatedRefreshToken & { readonly account: ClaimedAccount }) | undefined> {
    const findDevice = ({ userAgent, origin }: ClaimedCode) => ({ userAgent, origin });
    const created = await this.insertClaimed(grant, { statements: useCode, findDevice });
    return created && { ...created, account: { ...created.row, id: grant.accountId } };
  }

  /** Revokes the family of a token (RFC 7009 §2.1). A forged token, or a token of another client, changes nothing. */
  async revoke(text: string, clientId: string): Promise<void> {
    const token = this.format.read(text);
    const family = token && (await this.families.find(token.familyId));
    if (family?.clientId === clientId) await this.revocation.revokeFamily(family.id, 'logout');
  }

  private async insertClaimed<Row>(
    grant: FamilyGrant,
    { statements, findDevice }: FamilyClaim<Row>,
  ): Promise<(CreatedRefreshToken & { readonly row: Row }) | undefined> {
    const { accountId, scope, arrival, onClaimed } = grant;
    const statusIndex = await this.families.allocateStatusIndex();
    const id = randomBytes(16).toString('base64url');
    const count = this.families.buildCount(accountId);
    const login = { accountId, claim: statements(id), count, scope };
    return this.transactions.runLogin<Row, CreatedRefreshToken & { row: Row }>(
      login,
      async ({ row, unrevoked }) => {
        arrival?.checkStillWanted();
        const family = this.buildFamily(grant, { id, statusIndex, ...findDevice(row) });
        const session = buildSessionClaims(family);
        await onClaimed?.(session.id);
        await this.insert(family, { sessionId: session.id, unrevoked });
        return { token: this.format.write({ familyId: id, generation: 0 }), session, row };
      },
    );
  }

  private buildFamily(
    grant: FamilyGrant,
    own: DeviceInfo & Pick<NewRefreshTokenFamily, 'id' | 'statusIndex'>,
  ): NewRefreshTokenFamily {
    const { accountId, client, authentication } = grant;
    const now = this.limits.now();
    return {
      ...own,
      accountId,
      clientId: client.id,
      scope: grant.scope,
      resources: grant.resources,
      createdAt: new Date(now),
      idleExpiresAt: new Date(this.limits.computeIdleExpiry(client, now)),
      absoluteExpiresAt: new Date(this.limits.computeAbsoluteExpiry(client, now)),
      ...toAuthenticationColumns(authentication),
      claims: grant.claims ?? null,
      dpopJkt: grant.dpopJkt ?? null,
    };
  }

  private async insert(
    family: NewRefreshTokenFamily,
    { sessionId, unrevoked }: { readonly sessionId: string; readonly unrevoked: number },
  ): Promise<void> {
    const { id, accountId, clientId } = family;
    this.families.insert(family);
    const limit = this.limits.maxPerAccount;
    if (unrevoked >= limit)
      await this.revocation.revokeAboveLimit(accountId, { newestId: id, clientId, limit });
    await this.revocation.recordCreation({ accountId, clientId, sessionId });
  }
}

/** Without a browser session the person authenticates as the family is created, by password. */
const toAuthenticationColumns = (authentication: Authentication | undefined) => ({
  authenticatedAt: authentication?.at ?? null,
  amr: authentication?.amr ?? ['pwd'],
  browserSessionId: authentication?.browserSessionId ?? null,
});
