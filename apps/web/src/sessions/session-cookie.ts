import { createHash, randomBytes } from 'node:crypto';
import { createCookieBase } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';

const SECRET_PATTERN = /^[\w-]{43}$/;

/** The secret of a session, and the id of its row. */
export interface SessionKey {
  readonly secret: string;
  readonly id: string;
}

/** 256 random bits, so a slow hash would add nothing. */
export const generateSessionKey = (): SessionKey =>
  toSessionKey(randomBytes(32).toString('base64url'));

export const toSessionKey = (secret: string): SessionKey => ({
  secret,
  id: createHash('sha256').update(secret).digest('base64url'),
});

/**
 * The cookie of a session. `SameSite=Strict`: the browser sends it for requests of this origin's own pages only. The browser
 * deletes it when it closes.
 */
@Injectable()
export class SessionCookie {
  private readonly attributes;

  constructor(@Inject(WEB_CONFIG) { PUBLIC_URL }: WebConfig) {
    this.attributes = { ...createCookieBase(PUBLIC_URL, 'session'), sameSite: 'strict' } as const;
  }

  /** @param header `Cookie` */
  read(header: string | undefined): SessionKey | undefined {
    const secret = parseCookie(header ?? '')[this.attributes.name];
    return secret !== undefined && SECRET_PATTERN.test(secret) ? toSessionKey(secret) : undefined;
  }

  /** @returns `Set-Cookie` */
  write(secret: string): string {
    return stringifySetCookie({ ...this.attributes, value: secret });
  }

  /** @returns `Set-Cookie` that deletes the cookie */
  clear(): string {
    return stringifySetCookie({ ...this.attributes, value: '', maxAge: 0 });
  }
}
