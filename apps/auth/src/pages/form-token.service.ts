import { createHmac, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { type DerivedKey, isSameText, ServerSecrets } from '../platform/server-secrets.js';

const BROWSER_ID = /^[\w-]{22}$/;

/** The browser, session and purpose that a form token is valid for. */
export interface FormTokenBinding {
  /** From {@link FormTokenService.identifyBrowser}. */
  readonly browser: string;
  /** Hash of the browser session's secret; every login changes it. */
  readonly session: string | undefined;
  /** Path that receives the form, and the ticket of the authorization request. */
  readonly action: string;
}

/**
 * Form tokens prove that a form comes from a page of this server (CSRF). They also protect users without a session, because
 * an attacker could otherwise log a victim in to the attacker's account (login CSRF). The server stores nothing: a token is a
 * MAC over an id in a cookie of the browser, its session, and the form's purpose.
 */
@Injectable()
export class FormTokenService {
  private readonly keys: ReturnType<ServerSecrets['derive']>;
  private readonly cookieName: string;
  private readonly attributes;

  constructor(secrets: ServerSecrets, @Inject(AUTH_CONFIG) { ISSUER }: AuthConfig) {
    this.keys = secrets.derive('form token mac');
    const secure = ISSUER.startsWith('https:');
    this.cookieName = secure ? '__Host-form' : 'form';
    this.attributes = { httpOnly: true, secure, sameSite: 'lax', path: '/' } as const;
  }

  /**
   * @param header `Cookie`
   * @returns the browser's id, and `Set-Cookie` headers if the browser has none yet
   */
  identifyBrowser(header: string | undefined): { browser: string; cookies: readonly string[] } {
    const known = parseCookie(header ?? '')[this.cookieName];
    if (known !== undefined && BROWSER_ID.test(known)) return { browser: known, cookies: [] };
    const browser = randomBytes(16).toString('base64url');
    const cookie = { ...this.attributes, name: this.cookieName, value: browser };
    return { browser, cookies: [stringifySetCookie(cookie)] };
  }

  issue(binding: FormTokenBinding): string {
    return signToken(binding, this.keys.current);
  }

  isValid(binding: FormTokenBinding, token: string): boolean {
    const key = this.keys.all.get(token.split('.')[0] ?? '');
    return key !== undefined && isSameText(token, signToken(binding, key));
  }
}

function signToken(
  { browser, session, action }: FormTokenBinding,
  { secretId, key }: DerivedKey,
): string {
  const content = JSON.stringify([browser, session ?? null, action]);
  return `${secretId}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}
