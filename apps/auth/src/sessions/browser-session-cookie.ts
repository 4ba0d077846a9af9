import { createHash, randomBytes } from 'node:crypto';
import { createCookieBase } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';

const SECRET_PATTERN = /^[\w-]{43}$/;

/**
 * The cookie of a browser session. `SameSite=Lax`: the browser sends it when a client redirects the user to this server, but
 * not when another site posts a form. The browser deletes it when it closes, unless `BROWSER_SESSION_PERSISTS` is set.
 */
@Injectable()
export class BrowserSessionCookie {
  private readonly attributes;
  private readonly lifetime: { readonly maxAge?: number };

  constructor(@Inject(AUTH_CONFIG) config: AuthConfig) {
    this.attributes = { ...createCookieBase(config.ISSUER, 'session'), sameSite: 'lax' } as const;
    this.lifetime = config.BROWSER_SESSION_PERSISTS ? { maxAge: config.BROWSER_SESSION_TTL } : {};
  }

  /**
   * @param header `Cookie`
   * @returns the hash of the secret in the cookie; undefined without a well-formed cookie
   */
  read(header: string | undefined): string | undefined {
    const secret = parseCookie(header ?? '')[this.attributes.name];
    return secret !== undefined && SECRET_PATTERN.test(secret)
      ? hashSessionSecret(secret)
      : undefined;
  }

  /** @returns `Set-Cookie` */
  write(secret: string): string {
    return stringifySetCookie({ ...this.attributes, ...this.lifetime, value: secret });
  }

  /** @returns `Set-Cookie` that deletes the cookie */
  clear(): string {
    return stringifySetCookie({ ...this.attributes, value: '', maxAge: 0 });
  }
}

/** The secret has 256 random bits, so a slow hash would add nothing. */
export function generateSessionSecret(): { readonly secret: string; readonly hash: string } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, hash: hashSessionSecret(secret) };
}

const hashSessionSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url');
