import type { JsonObject } from './strict-json.js';

/**
 * A verified access token (RFC 9068 §2.2). Requests with the same token share this object, so copy a date before you
 * change it.
 */
export interface AccessToken {
  readonly issuer: string;
  readonly subject: string;
  /** The client that the token was issued to. Undefined only for an issuer with `claims.clientId: []`. */
  readonly clientId?: string;
  /** `jti`. RFC 9068 requires it, but some products with a preset here do not send it. */
  readonly tokenId?: string;
  /** The accepted audience: an identifier of this resource server. */
  readonly audience: string;
  readonly scopes: ReadonlySet<string>;
  /** The user's roles (RFC 9068 §2.2.3.1), from the claims that `claims.roles` of the issuer names. */
  readonly roles: ReadonlySet<string>;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly notBefore?: Date;
  /** The session of the user (`sid`). */
  readonly sessionId?: string;
  /** Time of the user's last authentication (`auth_time`). */
  readonly authenticatedAt?: Date;
  /** Thumbprint of the key that the token is bound to (`cnf.jkt`, RFC 9449 §6.1). If set, the sender has proved possession. */
  readonly boundTo?: string;
  /** All signed claims. Deeply frozen, because requests with the same token share them. */
  readonly claims: JsonObject;
}

/** The scopes or roles of a token. Immutable, because requests with the same token share them. */
export class ScopeSet extends Set<string> {
  constructor(scopes: Iterable<string>) {
    super();
    for (const scope of scopes) super.add(scope);
  }

  override add(): never {
    throw new TypeError('The scopes and roles of a verified token cannot be changed');
  }

  override delete(): never {
    return this.add();
  }

  override clear(): never {
    return this.add();
  }
}
