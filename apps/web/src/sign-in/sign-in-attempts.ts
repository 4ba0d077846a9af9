import { Clock, createCookieBase } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { parseCookie, stringifySetCookie } from 'cookie';
import { z } from 'zod';
import { Sealer } from '../sessions/sealer.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';

const attemptSchema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  maxAge: z.int().optional(),
  returnTo: z.string(),
  /** Secret of the session that this sign-in replaces. */
  replaced: z.string().optional(),
  /** Epoch milliseconds. */
  startedAt: z.number(),
});
export type SignInAttempt = Readonly<z.infer<typeof attemptSchema>>;

/** A user can register an account in the meantime. */
const TTL_SECONDS = 1_800;
/** Tabs that can sign in at the same time. */
const MAX_ATTEMPTS = 5;
/** As long as the part of the state in the name of a cookie. */
const PLACEHOLDER = '12345678';
const STATE_PATTERN = /^[\w-]{43}$/;

/**
 * The attempts of one browser to sign in: one sealed cookie each, so parallel tabs do not disturb each other and strangers
 * store nothing here. `SameSite=Lax`, because the redirect back comes from another site.
 */
@Injectable()
export class SignInAttempts {
  constructor(
    private readonly sealer: Sealer,
    private readonly clock: Clock,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  /** @param header `Cookie` @returns `Set-Cookie` fields: the new attempt, and the deletion of the oldest above the limit */
  add(header: string | undefined, attempt: Omit<SignInAttempt, 'startedAt'>): string[] {
    const { name, ...attributes } = this.cookieOf(attempt.state);
    const content = { ...attempt, startedAt: this.clock.now() };
    const value = this.sealer.seal(content, { purpose: 'sign-in', context: name });
    const added = stringifySetCookie({ ...attributes, name, value, maxAge: TTL_SECONDS });
    const surplus = this.listNames(header).slice(MAX_ATTEMPTS - 1);
    return [added, ...surplus.map((each) => this.clearByName(each))];
  }

  /** @returns undefined unless this browser began the attempt, and within its time */
  find(header: string | undefined, state: unknown): SignInAttempt | undefined {
    if (typeof state !== 'string' || !STATE_PATTERN.test(state)) return undefined;
    const attempt = this.open(this.cookieOf(state).name, header);
    return attempt?.state === state ? attempt : undefined;
  }

  /** @returns `Set-Cookie` that deletes the attempt */
  clear(state: string): string {
    return this.clearByName(this.cookieOf(state).name);
  }

  private open(name: string, header: string | undefined): SignInAttempt | undefined {
    const value = parseCookie(header ?? '')[name];
    if (value === undefined) return undefined;
    const sealed = this.sealer.open(value, { purpose: 'sign-in', context: name });
    const { data } = attemptSchema.safeParse(sealed);
    const oldest = this.clock.now() - TTL_SECONDS * 1000;
    return data && data.startedAt > oldest ? data : undefined;
  }

  /** Newest first; unreadable and expired ones last. */
  private listNames(header: string | undefined): string[] {
    const [before = '', after = ''] = this.cookieOf(PLACEHOLDER).name.split(PLACEHOLDER);
    const length = before.length + PLACEHOLDER.length + after.length;
    const names = Object.keys(parseCookie(header ?? '')).filter(
      (name) => name.startsWith(before) && name.endsWith(after) && name.length === length,
    );
    const startOf = (name: string) => this.open(name, header)?.startedAt ?? 0;
    return names.sort((one, other) => startOf(other) - startOf(one));
  }

  private clearByName(name: string): string {
    return stringifySetCookie({ ...this.cookieOf(''), name, value: '', maxAge: 0 });
  }

  private cookieOf(state: string) {
    const base = createCookieBase(this.config.PUBLIC_URL, `sign-in-${state.slice(0, 8)}`);
    return { ...base, sameSite: 'lax' } as const;
  }
}
