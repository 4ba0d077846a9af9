import { randomBytes } from 'node:crypto';
import type { Decision, SqlStatement } from '@gatehouse/persistence';
import type { RequestArrival } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type { AuthenticatedAccount } from '../accounts/account.repository.js';
import type { ClaimedAccount, ClaimedCode } from './authorization-code.repository.js';
import { AccountTransactionService, type ClaimedRow } from './account-transaction.service.js';
import type { DeviceInfo } from '../platform/network.js';
import type { PreparedEvent } from '../platform/security-events/security-event.service.js';
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
}

/** A grant to a person who has just proved to know the password. */
export interface PasswordGrant extends Omit<FamilyGrant, 'accountId' | 'authentication'> {
  readonly account: AuthenticatedAccount;
  readonly device: DeviceInfo;
}

/** What the login of a grant depends on. */
interface FamilyClaim {
  /** {@link Login.claim} */
  readonly buildStatements: (familyId: string) => readonly SqlStatement[];
  /** The same for an account below its limit of sessions, as one statement, with the statements that create the family. */
  readonly buildDecision: (
    creation: readonly SqlStatement[],
    family: { readonly familyId: string; readonly limit: number },
  ) => Omit<Decision, 'lock'>;
  /** {@link Login.withCommit} */
  readonly withCommit?: SqlStatement | undefined;
  /** Left out, the row of the claim has it. */
  readonly device?: DeviceInfo | undefined;
  /** The event of the claim. */
  readonly prepareEvent?: ((sessionId: string) => PreparedEvent) | undefined;
}

/** The use of an authorization code. Its claims return the row {@link ClaimedCode}. */
export type CodeClaim = Omit<FamilyClaim, 'withCommit' | 'device'>;

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

type CreatedFamily<Row> = CreatedRefreshToken & { readonly row: Row };
type OwnColumns = Pick<NewRefreshTokenFamily, 'id' | 'statusIndex'>;

interface FamilyCreation {
  readonly created: CreatedRefreshToken;
  readonly statements: readonly SqlStatement[];
  /** Logs the events of the statements. */
  readonly log: () => void;
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
    const count = this.families.buildCount(account.id);
    const removal = account.attemptRemoval;
    return this.createClaimed(
      { ...grant, accountId: account.id },
      {
        buildStatements: () => this.transactions.claimAccount(account, count),
        buildDecision: (creation, { limit }) =>
          this.transactions.decideBelow(limit, account, { count, creation }),
        withCommit: removal,
        device,
      },
    );
  }

  /**
   * As {@link create}, for a person who authenticated before. The same transaction uses the code.
   * @returns undefined if the code was used, or the session or the consent of the person ended
   */
  async createByCode(
    grant: FamilyGrant,
    claim: CodeClaim,
  ): Promise<(CreatedRefreshToken & { readonly account: ClaimedAccount }) | undefined> {
    const created = await this.createClaimed<ClaimedCode>(grant, claim);
    return created && { ...created, account: { ...created.row, id: grant.accountId } };
  }

  /** Revokes the family of a token (RFC 7009 §2.1). A forged token, or a token of another client, changes nothing. */
  async revoke(text: string, clientId: string): Promise<void> {
    const token = this.format.read(text);
    const family = token && (await this.families.find(token.familyId));
    if (family?.clientId === clientId) await this.revocation.revokeFamily(family.id, 'logout');
  }

  private async createClaimed<Row extends ClaimedRow>(
    grant: FamilyGrant,
    claim: FamilyClaim,
  ): Promise<CreatedFamily<Row> | undefined> {
    const statusIndex = await this.families.allocateStatusIndex();
    const own = { id: randomBytes(16).toString('base64url'), statusIndex };
    return (await this.decide<Row>(grant, own, claim)) ?? this.insertClaimed(grant, own, claim);
  }

  /** The usual login, in one round trip. */
  private async decide<Row>(
    grant: FamilyGrant,
    own: OwnColumns,
    claim: FamilyClaim,
  ): Promise<CreatedFamily<Row> | undefined> {
    let creation: FamilyCreation | undefined;
    const build = () => {
      grant.arrival?.checkStillWanted();
      creation = this.prepare(grant, own, claim);
      return claim.buildDecision(creation.statements, {
        familyId: own.id,
        limit: this.limits.maxPerAccount,
      });
    };
    const result = await this.transactions.decideLogin<Row>({ ...grant, build });
    if (!creation || result.affected !== 1) return undefined;
    creation.log();
    return { ...creation.created, row: result.rows[0] as Row };
  }

  private insertClaimed<Row extends ClaimedRow>(
    grant: FamilyGrant,
    own: OwnColumns,
    { buildStatements, withCommit, device, prepareEvent }: FamilyClaim,
  ): Promise<CreatedFamily<Row> | undefined> {
    const { accountId, client, scope, arrival } = grant;
    const login = { accountId, claim: buildStatements(own.id), withCommit, scope };
    return this.transactions.runLogin(login, async (row: Row & Partial<DeviceInfo>) => {
      arrival?.checkStillWanted();
      const creation = this.prepare(grant, own, { device: device ?? toDevice(row), prepareEvent });
      this.transactions.addToCommit(creation.statements);
      const limit = this.limits.maxPerAccount;
      const newest = { newestId: own.id, clientId: client.id, limit };
      if (row.unrevoked >= limit) await this.revocation.revokeAboveLimit(accountId, newest);
      creation.log();
      return { ...creation.created, row };
    });
  }

  private prepare(
    grant: FamilyGrant,
    own: OwnColumns,
    { device, prepareEvent }: Pick<FamilyClaim, 'device' | 'prepareEvent'>,
  ): FamilyCreation {
    const family = this.buildFamily(grant, own);
    const session = buildSessionClaims(family);
    const { accountId, clientId } = family;
    const creation = { accountId, clientId, sessionId: session.id };
    const events = [
      ...(prepareEvent ? [prepareEvent(session.id)] : []),
      this.revocation.prepareCreation(creation),
    ];
    return {
      created: { token: this.format.write({ familyId: own.id, generation: 0 }), session },
      statements: [
        this.families.buildInsert(family, device),
        ...events.map(({ statement }) => statement),
      ],
      log: () => events.forEach((event) => event.log()),
    };
  }

  private buildFamily(grant: FamilyGrant, own: OwnColumns): NewRefreshTokenFamily {
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
}

/** Without a browser session the person authenticates as the family is created, by password. */
const toAuthenticationColumns = (authentication: Authentication | undefined) => ({
  authenticatedAt: authentication?.at ?? null,
  amr: authentication?.amr ?? ['pwd'],
  browserSessionId: authentication?.browserSessionId ?? null,
});

/** A login takes the device from the browser session of its code. */
const toDevice = ({ userAgent = null, origin = null }: Partial<DeviceInfo>): DeviceInfo => ({
  userAgent,
  origin,
});
