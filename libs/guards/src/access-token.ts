import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { InvalidToken } from './bearer-error.js';
import type { JsonObject } from './strict-json.js';

/** An access token after every check has passed (RFC 9068 §2.2). */
export interface AccessToken {
  readonly issuer: string;
  readonly subject: string;
  readonly clientId: string;
  readonly tokenId: string;
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
  /** All claims as they were signed. */
  readonly claims: JsonObject;
}

/** The token of the request, as a parameter of a handler that requires scopes. */
export const AccessToken = createParamDecorator(
  (_: unknown, context: ExecutionContext): AccessToken => {
    const { user } = context.switchToHttp().getRequest<{ user?: AccessToken }>();
    if (!user)
      throw new Error(
        '@AccessToken() is for handlers with @RequireScopes(): this one has no token',
      );
    return user;
  },
);

/**
 * The only place where verified but untyped claims become an {@link AccessToken}.
 *
 * @throws InvalidToken when a claim that RFC 9068 §2.2 requires is missing or has another type
 */
export function parseAccessToken(claims: JsonObject, audience: string): AccessToken {
  return Object.freeze({
    issuer: text(claims, 'iss'),
    subject: text(claims, 'sub'),
    clientId: text(claims, 'client_id'),
    tokenId: text(claims, 'jti'),
    audience,
    scopes: scopes(claims),
    issuedAt: instant(claims, 'iat'),
    expiresAt: instant(claims, 'exp'),
    ...(claims['nbf'] !== undefined && { notBefore: instant(claims, 'nbf') }),
    ...(claims['sid'] !== undefined && { sessionId: text(claims, 'sid') }),
    ...(claims['auth_time'] !== undefined && { authenticatedAt: instant(claims, 'auth_time') }),
    claims: Object.freeze(claims),
  });
}

/** RFC 8693 §4.2: a space-separated string. Absent means that nothing was granted. */
function scopes(claims: JsonObject): ReadonlySet<string> {
  const { scope = '' } = claims;
  if (typeof scope !== 'string') throw malformed('scope', 'a string');
  return new Set(scope.split(' ').filter(Boolean));
}

function text(claims: JsonObject, name: string): string {
  const value = claims[name];
  if (typeof value !== 'string' || value === '') throw malformed(name, 'a non-empty string');
  return value;
}

/** NumericDate, in seconds (RFC 7519 §2). */
function instant(claims: JsonObject, name: string): Date {
  const seconds = claims[name];
  if (typeof seconds !== 'number') throw malformed(name, 'a number');
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw malformed(name, 'a date');
  return date;
}

function malformed(name: string, expected: string): InvalidToken {
  return new InvalidToken('malformed_claims', new TypeError(`${name} must be ${expected}`));
}
