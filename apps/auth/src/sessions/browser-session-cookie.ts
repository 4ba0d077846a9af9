import { createHash, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';

const SECRET_PATTERN = /^[\w-]{43}$/;

/**
 * The cookie that tells a browser session. It is sent along when another site leads here (`Lax`), for that is how a client
 * sends people; what it cannot do is post a form for them. It goes when the browser closes. Over https its name begins with
 * `__Host-`, so that no neighbouring host can set it (RFC 6265bis §4.1.3).
 */
@Injectable()
export class BrowserSessionCookie {
  private readonly name: string;
  private readonly attributes;

  constructor(@Inject(AUTH_CONFIG) { ISSUER }: AuthConfig) {
    const secure = ISSUER.startsWith('https:');
    this.name = secure ? '__Host-session' : 'session';
    this.attributes = { httpOnly: true, secure, sameSite: 'lax', path: '/' } as const;
  }

  /**
   * @param header `Cookie`
   * @returns the hash of the secret that it holds, if it holds one
   */
  read(header: string | undefined): string | undefined {
    const secret = parseCookie(header ?? '')[this.name];
    return secret !== undefined && SECRET_PATTERN.test(secret)
      ? hashSessionSecret(secret)
      : undefined;
  }

  /** @returns `Set-Cookie` */
  write(secret: string): string {
    return stringifySetCookie({ ...this.attributes, name: this.name, value: secret });
  }

  /** @returns `Set-Cookie` that takes it away */
  clear(): string {
    return stringifySetCookie({ ...this.attributes, name: this.name, value: '', maxAge: 0 });
  }
}

/** 256 random bits: a slow hash would add nothing. */
export function generateSessionSecret(): { readonly secret: string; readonly hash: string } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, hash: hashSessionSecret(secret) };
}

const hashSessionSecret = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url');
