import { createHash } from 'node:crypto';
import { CountColumn, InstantColumn } from '@gatehouse/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { SpaceSeparatedColumn } from '../platform/columns.js';

/** Why a family ended before its time. */
export type RevocationReason =
  | 'logout'
  | 'reuse'
  | 'rolled_back'
  | 'code_reuse'
  | 'ended_by_owner'
  | 'ended_by_operator'
  | 'consent_withdrawn'
  | 'password_changed'
  | 'session_limit'
  | 'account_disabled'
  | 'client_disabled';

/**
 * What a genuine refresh token is worth, given the family that it belongs to:
 *
 * | state        | the token …                                          | what follows                 |
 * |--------------|------------------------------------------------------|------------------------------|
 * | `ended`      | is of a family that ended                            | refused                      |
 * | `expired`    | is of a family past its idle or absolute lifetime    | refused                      |
 * | `current`    | is the one in force                                  | rotated                      |
 * | `superseded` | is its predecessor, still within the grace window    | the same successor once more |
 * | `reused`     | is older, or the predecessor after the window        | refused, and the family ends |
 * | `ahead`      | is newer than the row: the database was rolled back  | refused, and the family ends |
 */
export type TokenState = 'ended' | 'expired' | 'current' | 'superseded' | 'reused' | 'ahead';

/**
 * All refresh tokens that descend from one login on one device (RFC 9700 §4.14.2). It is one row however often the
 * tokens rotate: the row knows the generation of the only token in force.
 */
@Entity('refresh_token_family')
export class RefreshTokenFamily {
  /** 128 random bits, base64url. It is half of what a refresh token proves, so nobody else is told. */
  @PrimaryColumn('varchar', { length: 22 }) readonly id!: string;
  @Column('varchar', { name: 'account_id', length: 27 }) readonly accountId!: string;
  @Column('varchar', { name: 'client_id', length: 64 }) readonly clientId!: string;
  /** What the person granted. A refresh may ask for less; the grant itself does not shrink (RFC 6749 §6). */
  @SpaceSeparatedColumn('scope', 2000) readonly scope!: readonly string[];
  /** The resource servers that it is good for; the first is the default (RFC 8707 §2.2). */
  @SpaceSeparatedColumn('resource', 2000) readonly resources!: readonly string[];
  /** How many rotations there were: the token in force carries this number. */
  @Column('integer') readonly generation!: number;
  /** When the generation last changed: the window for its predecessor starts here. */
  @InstantColumn({ name: 'rotated_at' }) readonly rotatedAt!: Date;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
  @InstantColumn({ name: 'idle_expires_at' }) readonly idleExpiresAt!: Date;
  @InstantColumn({ name: 'absolute_expires_at' }) readonly absoluteExpiresAt!: Date;
  /** What the device calls itself, as it was at login: at most 255 printable characters. */
  @Column('varchar', { name: 'user_agent', length: 255, nullable: true }) readonly userAgent!:
    string | null;
  /** The network that the login came from, no more precise than it has to be: /24 of IPv4, /48 of IPv6. */
  @Column('varchar', { length: 64, nullable: true }) readonly origin!: string | null;
  /** Where the status of the session is found; see `status-lists/`. */
  @CountColumn({ name: 'status_index', nullable: true }) readonly statusIndex!: number | null;
  /** When the person authenticated, where that was before the family began; `createdAt` otherwise. */
  @InstantColumn({ name: 'authenticated_at', nullable: true })
  readonly authenticatedAt!: Date | null;
  /** The browser session that it began in; see `browser-sessions/`. */
  @Column('varchar', { name: 'browser_session_id', length: 22, nullable: true })
  readonly browserSessionId!: string | null;
  /** How the person authenticated (RFC 8176). */
  @SpaceSeparatedColumn('amr', 64) readonly amr!: readonly string[];
  /** The `claims` parameter of its authorization request (OpenID Connect Core §5.5), as JSON. */
  @Column('text', { nullable: true }) readonly claims!: string | null;
  /** Thumbprint of the key that its tokens are bound to (RFC 9449 §5). */
  @Column('varchar', { name: 'dpop_jkt', length: 43, nullable: true }) readonly dpopJkt!:
    string | null;
  @InstantColumn({ name: 'ended_at', nullable: true }) readonly endedAt!: Date | null;
  @Column('varchar', { name: 'end_reason', length: 32, nullable: true })
  readonly endReason!: RevocationReason | null;

  get session(): SessionClaims {
    return buildSessionClaims(this);
  }

  /**
   * @param generation what the token says
   * @param now milliseconds since the epoch
   * @param grace length of the window, in milliseconds; with 0 there is none
   */
  classifyToken(generation: number, { now, grace }: { now: number; grace: number }): TokenState {
    if (this.endedAt !== null) return 'ended';
    if (this.isExpiredAt(now)) return 'expired';
    if (generation > this.generation) return 'ahead';
    if (generation === this.generation) return 'current';
    const withinWindow = now < this.rotatedAt.getTime() + grace;
    return generation === this.generation - 1 && withinWindow ? 'superseded' : 'reused';
  }

  /** Both ends were stored when they were set, so no later configuration prolongs a login. */
  private isExpiredAt(now: number): boolean {
    return now >= this.expiresAt.getTime();
  }

  /** When it ends if it is not used before. */
  get expiresAt(): Date {
    const { idleExpiresAt, absoluteExpiresAt } = this;
    return idleExpiresAt < absoluteExpiresAt ? idleExpiresAt : absoluteExpiresAt;
  }

  isActiveAt(now: number): boolean {
    return this.endedAt === null && !this.isExpiredAt(now);
  }
}

/** What access tokens say of the login that they descend from. */
export interface SessionClaims {
  /** `sid`: tells sessions apart, and gives the family's id away to nobody. */
  readonly id: string;
  /** `auth_time`. */
  readonly authenticatedAt: Date;
  /** RFC 8176. */
  readonly amr: readonly string[];
  readonly expiresAt: Date;
  /** Where its status is found; see `status-lists/`. */
  readonly statusIndex?: number | null;
}

export const deriveSessionId = (familyId: string): string =>
  createHash('sha256').update(familyId).digest().subarray(0, 16).toString('base64url');

export const buildSessionClaims = (
  family: Pick<RefreshTokenFamily, 'id' | 'createdAt' | 'absoluteExpiresAt' | 'statusIndex'> &
    Partial<Pick<RefreshTokenFamily, 'authenticatedAt' | 'amr'>>,
): SessionClaims => ({
  id: deriveSessionId(family.id),
  authenticatedAt: family.authenticatedAt ?? family.createdAt,
  amr: family.amr ?? ['pwd'],
  expiresAt: family.absoluteExpiresAt,
  statusIndex: family.statusIndex,
});
