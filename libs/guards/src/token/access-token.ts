import type { JsonObject } from './strict-json.js';

/**
 * An access token after every check has passed (RFC 9068 §2.2). Requests with the same token share it: whoever wants to
 * count with one of its dates takes a copy.
 */
export interface AccessToken {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  /** `jti`. RFC 9068 requires it; some products, which have presets here, send none. */
  readonly tokenId?: string;
  /** The audience it was accepted for: that of this resource server. */
  readonly audience: string;
  readonly scopes: ReadonlySet<string>;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  readonly notBefore?: Date;
  /** The login that it descends from (`sid`). */
  readonly sessionId?: string;
  /** When the person last proved who they are (`auth_time`). */
  readonly authenticatedAt?: Date;
  /** Thumbprint of the key that its sender has to have (`cnf.jkt`, RFC 9449 §6.1). It was proven, where this is set. */
  readonly boundTo?: string;
  /** All claims as they were signed. Frozen to the bottom: requests with the same token share them. */
  readonly claims: JsonObject;
}
