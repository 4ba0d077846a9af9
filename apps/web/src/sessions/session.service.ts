import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';
import { Sealer } from './sealer.js';
import { type SessionContent, sessionContent } from './session-content.js';
import { generateSessionKey, SessionCookie, type SessionKey } from './session-cookie.js';
import { type SessionRow, WebSessionRepository } from './web-session.repository.js';

/** A session whose payload was opened with the secret of the request's cookie. */
export interface OpenSession {
  readonly key: SessionKey;
  readonly sub: string;
  readonly sid: string;
  readonly version: number;
  readonly content: SessionContent;
}

/** `used_at` is not written more often than that, so that a request is rarely a write. */
const TOUCH_EVERY_MS = 60_000;

/** Creates, opens and seals the sessions of this tool. */
@Injectable()
export class SessionService {
  constructor(
    private readonly sessions: WebSessionRepository,
    private readonly sealer: Sealer,
    private readonly cookie: SessionCookie,
    private readonly clock: Clock,
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
  ) {}

  /**
   * Each sign-in has a new secret, so a secret that an attacker planted in the browser opens nothing (session fixation).
   *
   * @returns the secret for the cookie
   */
  async create(identity: { sub: string; sid: string }, content: SessionContent): Promise<string> {
    const key = generateSessionKey();
    const now = this.clock.now();
    const row = {
      ...identity,
      id: key.id,
      tool: this.config.TOOL,
      createdAt: now,
      usedAt: now,
      payload: this.seal(key, content),
    };
    await this.sessions.insert({ ...row, expiresAt: this.computeEnd(now) });
    await this.sessions.deleteAboveLimit({ ...row, version: 1 }, this.config.SESSIONS_PER_ACCOUNT);
    return key.secret;
  }

  /** @param header `Cookie` @returns undefined without a session that is in the database */
  async find(header: string | undefined): Promise<OpenSession | undefined> {
    const key = this.cookie.read(header);
    return key && this.load(key);
  }

  async load(key: SessionKey): Promise<OpenSession | undefined> {
    const row = await this.sessions.find(key.id, this.config.TOOL);
    if (!row) return undefined;
    if (this.clock.now() - row.usedAt > TOUCH_EVERY_MS) {
      await this.sessions.touch(row.id, this.computeEnd(row.createdAt));
    }
    return this.open(row, key);
  }

  /** @returns undefined when the row is of a secret that this server no longer has */
  open(row: SessionRow, key: SessionKey): OpenSession | undefined {
    const { success, data } = sessionContent.safeParse(
      this.sealer.open(row.payload, { purpose: 'session', context: row.id, share: key.secret }),
    );
    return success ? { ...row, key, content: data } : undefined;
  }

  seal(key: SessionKey, content: SessionContent): string {
    return this.sealer.seal(content, { purpose: 'session', context: key.id, share: key.secret });
  }

  private computeEnd(createdAt: number): number {
    const { SESSION_TTL, SESSION_IDLE_TTL } = this.config;
    return Math.min(createdAt + SESSION_TTL * 1000, this.clock.now() + SESSION_IDLE_TTL * 1000);
  }
}
