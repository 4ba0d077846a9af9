import { CountColumn, InstantColumn, SpaceSeparatedColumn } from '@gatehouse/persistence';
import { Column, Entity, PrimaryColumn } from 'typeorm';
import { Injectable } from '@nestjs/common';
import type { RevocationReason } from '../platform/security-events/security-event.js';
import { readSignedText, ServerSecrets, signText } from '../platform/server-secrets.js';
import { deriveSessionId, REFRESH_TOKEN_KEYS } from '../tokens/issued-credentials.js';

/**
 * The state of a genuine refresh token, given the row of its family:
 *
 * | state        | the token …                                             | the server …                      |
 * |--------------|---------------------------------------------------------|-----------------------------------|
 * | `ended`      | belongs to a revoked family                             | rejects it                        |
 * | `expired`    | belongs to a family past its idle or absolute lifetime  | rejects it                        |
 * | `current`    | has the generation of the row                           | rotates it                        |
 * | `superseded` | is its predecessor, and came within the grace window    | returns the same successor again  |
 * | `undecided`  | is older, and can have come before it was replaced      | lets the client ask again         |
 * | `reused`     | is older, or came after the grace window                | rejects it and revokes the family |
 * | `ahead`      | is newer than the row: the database was rolled back     | rejects it and revokes the family |
 */
export type TokenState =
  'ended' | 'expired' | 'current' | 'superseded' | 'undecided' | 'reused' | 'ahead';

/** When a request presented a token. Instants are milliseconds since the epoch. */
export interface Presentation {
  /** The request arrived at this instant or later. */
  readonly earliest: number;
  /** The request arrived at this instant or earlier. */
  readonly latest: number;
  /** After the request arrived, the row still had the generation of the token. */
  readonly wasCurrent?: boolean;
}

/**
 * All refresh tokens that descend from one login on one device (RFC 9700 §4.14.2). A rotation updates this one row, which
 * stores the generation of the current token.
 */
@Entity('refresh_token_family')
export class RefreshTokenFamily {
  /** 128 random bits, base64url. It is secret: with the server secret it is enough to forge a refresh token. */
  @PrimaryColumn('varchar', { length: 22 }) readonly id!: string;
  @Column('varchar', { name: 'account_id', length: 27 }) readonly accountId!: string;
  @Column('varchar', { name: 'client_id', length: 64 }) readonly clientId!: string;
  /** The scope that the person granted. A refresh may request less, but the grant stays the same (RFC 6749 §6). */
  @SpaceSeparatedColumn('scope', 2000) readonly scope!: readonly string[];
  /** The resource servers of the grant; the first is the default (RFC 8707 §2.2). */
  @SpaceSeparatedColumn('resource', 2000) readonly resources!: readonly string[];
  /** The number of rotations. The current token contains it. */
  @Column('integer') readonly generation!: number;
  /** The latest rotation, at which the grace window of the previous token begins. */
  @InstantColumn({ name: 'rotated_at' }) readonly rotatedAt!: Date;
  @InstantColumn({ name: 'created_at' }) readonly createdAt!: Date;
  @InstantColumn({ name: 'idle_expires_at' }) readonly idleExpiresAt!: Date;
  @InstantColumn({ name: 'absolute_expires_at' }) readonly absoluteExpiresAt!: Date;
  /** The `User-Agent` of the login: at most 255 printable characters. */
  @Column('varchar', { name: 'user_agent', length: 255, nullable: true }) readonly userAgent!:
    string | null;
  /** The network that the login came from: /24 of IPv4, /48 of IPv6. */
  @Column('varchar', { length: 64, nullable: true }) readonly origin!: string | null;
  /** The index of the session in the status lists; see `tokens/status-lists/`. */
  @CountColumn({ name: 'status_index', nullable: true }) readonly statusIndex!: number | null;
  /** When the person authenticated, if that was before `createdAt`; otherwise null. */
  @InstantColumn({ name: 'authenticated_at', nullable: true })
  readonly authenticatedAt!: Date | null;
  /** The browser session in which it was created. */
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
   * Judges a token by the instant at which its request arrived. Its wait inside the server does not matter.
   * @param generation from the token
   * @param grace length of the grace window, in milliseconds; 0 means that there is none
   */
  classifyToken(generation: number, presented: Presentation, grace: number): TokenState {
    if (this.endedAt !== null) return 'ended';
    if (this.isExpiredAt(presented.latest)) return 'expired';
    if (generation > this.generation) return 'ahead';
    if (generation === this.generation) return 'current';
    return generation === this.generation - 1
      ? this.classifyPredecessor(presented, grace)
      : this.classifyOlder(presented);
  }

  private classifyPredecessor(
    { earliest, latest, wasCurrent }: Presentation,
    grace: number,
  ): TokenState {
    const windowEnd = this.rotatedAt.getTime() + grace;
    if (grace > 0 && (wasCurrent || latest < windowEnd)) return 'superseded';
    return earliest < windowEnd ? 'undecided' : 'reused';
  }

  /** Several rotations are newer. The row does not tell which of them a request found that arrived before the last one. */
  private classifyOlder({ earliest, wasCurrent }: Presentation): TokenState {
    return wasCurrent || earliest < this.rotatedAt.getTime() ? 'undecided' : 'reused';
  }

  /** The row stores both instants, so a later change of the configuration does not prolong a login. */
  private isExpiredAt(now: number): boolean {
    return now >= this.expiresAt.getTime();
  }

  /** When it expires unless the client uses it before. */
  get expiresAt(): Date {
    const { idleExpiresAt, absoluteExpiresAt } = this;
    return idleExpiresAt < absoluteExpiresAt ? idleExpiresAt : absoluteExpiresAt;
  }

  isActiveAt(now: number): boolean {
    return this.endedAt === null && !this.isExpiredAt(now);
  }
}

/** The claims of a session in its access tokens and ID tokens. */
export interface SessionClaims {
  /** `sid`. It is derived from the family's id, and does not reveal it. */
  readonly id: string;
  /** `auth_time`. */
  readonly authenticatedAt: Date;
  /** RFC 8176. */
  readonly amr: readonly string[];
  readonly expiresAt: Date;
  /** The index of the session in the status lists. */
  readonly statusIndex?: number | null;
}

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

/** The content of a refresh token. */
export interface RefreshToken {
  readonly familyId: string;
  readonly generation: number;
}

const CONTENT_PATTERN = /^([\w-]{22})\.(0|[1-9]\d{0,8})$/;

/**
 * Writes refresh tokens as `family . generation . secret id . MAC`. Clients treat the text as opaque. The MAC (HMAC-SHA-256
 * under a key derived from the server secret) is checked before any query, so a forged token costs one hash. An attacker needs
 * both the server secret and the database to forge a token, because the database holds the family ids but not the secret.
 */
@Injectable()
export class RefreshTokenFormat {
  private readonly keys: ReturnType<ServerSecrets['derive']>;

  constructor(secrets: ServerSecrets) {
    this.keys = secrets.derive(REFRESH_TOKEN_KEYS);
  }

  write({ familyId, generation }: RefreshToken): string {
    return signText(`${familyId}.${generation}`, this.keys.current);
  }

  /** @returns undefined unless this server made the token */
  read(text: string): RefreshToken | undefined {
    const content = readSignedText(text, this.keys.all);
    const [, familyId, digits] = CONTENT_PATTERN.exec(content ?? '') ?? [];
    return familyId === undefined ? undefined : { familyId, generation: Number(digits) };
  }
}
