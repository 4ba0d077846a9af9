import {
  CleanupJob,
  createIndexedCleanup,
  type RowLookup,
  UnitOfWork,
} from '@gatehouse/persistence';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { IssuedCredentials } from '../tokens/issued-credentials.js';
import { AuthorizationCode, MAX_SHORT_NONCE } from './authorization-code.entity.js';
import type { BrowserSession } from './browser-session.entity.js';

/** The grant of a user to a client, and the browser session in which the user gave it. */
export interface NewAuthorizationCode extends Pick<
  AuthorizationCode,
  | 'clientId'
  | 'redirectUri'
  | 'scope'
  | 'resources'
  | 'codeChallenge'
  | 'nonce'
  | 'claims'
  | 'dpopJkt'
> {
  readonly session: Pick<BrowserSession, 'id' | 'accountId' | 'authenticatedAt' | 'amr'>;
}

/** All SQL of the table `authorization_code`. */
@Injectable()
export class AuthorizationCodeRepository implements OnModuleInit {
  private readonly lookup: RowLookup<AuthorizationCode>;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly cleanup: CleanupJob,
    private readonly credentials: IssuedCredentials,
  ) {
    this.lookup = unitOfWork.lookup(AuthorizationCode);
  }

  onModuleInit(): void {
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, EXPIRED_CODES));
  }

  createCode(): string {
    return this.credentials.createCode();
  }

  /** @param expiresAt milliseconds since the epoch */
  async insert(
    hash: string,
    { session, ...code }: NewAuthorizationCode,
    expiresAt: number,
  ): Promise<void> {
    const isLong = code.nonce !== null && code.nonce.length > MAX_SHORT_NONCE;
    await this.unitOfWork.execute(
      `INSERT INTO authorization_code (code_hash, client_id, account_id, browser_session_id, redirect_uri, scope,
         resource, code_challenge, nonce, long_nonce, claims, dpop_jkt, authenticated_at, amr, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
      [
        hash,
        code.clientId,
        session.accountId,
        session.id,
        code.redirectUri,
        code.scope.join(' '),
        code.resources.join(' '),
        code.codeChallenge,
        isLong ? null : code.nonce,
        isLong ? code.nonce : null,
        code.claims,
        code.dpopJkt,
        session.authenticatedAt.getTime(),
        session.amr.join(' '),
        expiresAt,
      ],
    );
  }

  find(hash: string): Promise<AuthorizationCode | undefined> {
    return this.lookup.find(hash);
  }

  /**
   * Marks a code as used by a new family, in the transaction that creates the family. The condition is the lock: of any
   * number of callers on all replicas exactly one succeeds, and none succeeds after the user withdrew the consent.
   *
   * @param at milliseconds since the epoch: when the request arrived, for the age of the code, and now
   * @returns whether this call used the code
   */
  async markUsed(
    hash: string,
    familyId: string,
    { arrivedAt, now }: { readonly arrivedAt: number; readonly now: number },
  ): Promise<boolean> {
    const parameters = [hash, now, familyId, arrivedAt];
    const { affected } = await this.unitOfWork.execute(MARK_USED, parameters);
    return affected === 1;
  }

  /**
   * Deletes the codes of a user for a client that can still be exchanged.
   * @param now milliseconds since the epoch
   */
  async deleteUnused(accountId: string, clientId: string, now: number): Promise<void> {
    await this.unitOfWork.execute(DELETE_UNUSED, [accountId, clientId, now]);
  }

  async deleteOfAccount(accountId: string): Promise<void> {
    await this.unitOfWork.execute('DELETE FROM authorization_code WHERE account_id = $1', [
      accountId,
    ]);
  }
}

const MARK_USED = `
  UPDATE authorization_code SET used_at = $2, family_id = $3
  WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $4 AND (
    EXISTS (SELECT 1 FROM consent
      WHERE consent.account_id = authorization_code.account_id AND consent.client_id = authorization_code.client_id)
    OR EXISTS (SELECT 1 FROM client WHERE client.id = authorization_code.client_id AND first_party = 1))`;

/** The condition on `expires_at` lets the database use its index: few codes have not expired. */
const DELETE_UNUSED = `
  DELETE FROM authorization_code
  WHERE account_id = $1 AND client_id = $2 AND used_at IS NULL AND expires_at > $3`;

/** A code stays as long as the last access token that descends from it, so that a second use is detected. */
const EXPIRED_CODES = {
  table: 'authorization_code',
  key: 'code_hash',
  condition: 'expires_at < $1',
  orderedBy: 'expires_at',
  retentionSeconds: 3600,
};
