import { createHmac, randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { type DerivedKey, isSameText, ServerSecrets } from '../platform/server-secrets.js';

const BROWSER_ID = /^[\w-]{22}$/;

/** What a form is good for: this browser, in the session that it has, for this one thing. */
export interface FormTokenBinding {
  /** From {@link FormTokenService.identifyBrowser}. */
  readonly browser: string;
  /** Hash of the secret of its session; another one after every login. */
  readonly session: string | undefined;
  /** Where the form is sent to, and the request that it answers. */
  readonly action: string;
}

/**
 * Proof that a form is from a page of ours (CSRF), also of somebody who is not logged in yet: whoever could send a login form
 * from elsewhere would log people in to an account of their own. Nothing is stored: a token is a MAC over what a cookie of this
 * browser holds, its session, and what the form does.
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
   * @returns what tells this browser from others, and `Set-Cookie` where it has nothing yet
   */
  identifyBrowser(header: string | undefined): { browser: string; cookies: readonly string[] } {
    const known = parseCookie(header ?? '')[this.cookieName];
    if (known !== undefined && BROWSER_ID.test(known)) return { browser: known, cookies: [] };
    const browser = randomBytes(16).toString('base64url');
    const cookie = { ...this.attributes, name: this.cookieName, value: browser };
    return { browser, cookies: [stringifySetCookie(cookie)] };
  }

  issue(purpose: FormTokenBinding): string {
    return signToken(purpose, this.keys.current);
  }

  isValid(purpose: FormTokenBinding, token: string): boolean {
    const key = this.keys.all.get(token.split('.')[0] ?? '');
    return key !== undefined && isSameText(token, signToken(purpose, key));
  }
}

function signToken(
  { browser, session, action }: FormTokenBinding,
  { secretId, key }: DerivedKey,
): string {
  const content = JSON.stringify([browser, session ?? null, action]);
  return `${secretId}.${createHmac('sha256', key).update(content).digest('base64url')}`;
}
