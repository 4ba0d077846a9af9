import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import type {
  RequestOrigin,
  UpstreamEntry,
  UpstreamObserver,
} from '../upstream/upstream-observer.js';

export const DRILLS = [
  'replay',
  'end-session',
  'rotate-keys',
  'wrong-audience',
  'stop-auth',
] as const;
export type DrillName = (typeof DRILLS)[number];

/** A request of this server to auth or to an API. */
export interface RequestFacts {
  readonly kind: 'request';
  readonly method: string;
  /** Without query. */
  readonly url: string;
  /** Undefined when there was no answer. */
  readonly status: number | undefined;
  readonly milliseconds: number;
  /** Claims of the access token that was sent or received. Never its signature. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
  /** The key that signed this token. */
  readonly kid?: string | undefined;
  /** `error` and `error_description` of the answer (RFC 6750 §3). */
  readonly error?: string | undefined;
  /** Generation of the refresh token that auth issued. */
  readonly generation?: number | undefined;
}

/** A step of a drill. The client has a sentence for each. */
export interface DrillFacts {
  readonly kind: 'drill';
  readonly drill: DrillName;
  readonly step: string;
  /** Epoch milliseconds that belong to the step. */
  readonly until?: number | undefined;
}

export type ActivityFacts = RequestFacts | DrillFacts;

export type ActivityEntry = ActivityFacts & {
  /** Counts up within the session. */
  readonly id: number;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The click in the browser that caused it. */
  readonly click?: string | undefined;
};

interface SessionLog {
  readonly entries: ActivityEntry[];
  lastId: number;
}

export const LIMITS = {
  sessions: 50,
  entriesPerSession: 100,
  /** Longer claims are left out. */
  claimsCharacters: 6_000,
  textCharacters: 300,
  ageMs: 15 * 60_000,
};

/** The latest requests of each session, in memory: a restart forgets them, and each replica has its own. */
@Injectable()
export class ActivityLog implements UpstreamObserver {
  /** By the id of the session. The session with the latest entry is the last. */
  private readonly sessions = new Map<string, SessionLog>();

  constructor(private readonly clock: Clock) {}

  /** Requests before a sign-in belong to no session, and are not kept. */
  observe({ sessionId, clickId, durationMs, ...entry }: UpstreamEntry): void {
    if (sessionId === undefined) return;
    const { method, url, status, claims, error, generation } = entry;
    this.record(
      { sessionId, clickId },
      {
        kind: 'request',
        method,
        url,
        status,
        milliseconds: durationMs,
        claims,
        error,
        generation,
      },
    );
  }

  record({ sessionId = '', clickId }: RequestOrigin, facts: ActivityFacts): void {
    const log = this.sessions.get(sessionId) ?? { entries: [], lastId: 0 };
    this.sessions.delete(sessionId);
    this.sessions.set(sessionId, log);
    const id = (log.lastId += 1);
    log.entries.push({ ...limitSize(facts), id, at: this.clock.now(), click: clickId });
    if (log.entries.length > LIMITS.entriesPerSession) log.entries.shift();
    this.forgetOldSessions();
  }

  /** @returns entries of one session with a greater id, oldest first */
  list(sessionId: string, after: number): readonly ActivityEntry[] {
    const oldest = this.clock.now() - LIMITS.ageMs;
    const entries = this.sessions.get(sessionId)?.entries ?? [];
    return entries.filter(({ id, at }) => id > after && at >= oldest);
  }

  private forgetOldSessions(): void {
    const oldest = this.clock.now() - LIMITS.ageMs;
    for (const [sessionId, { entries }] of this.sessions) {
      const isOld = (entries.at(-1)?.at ?? 0) < oldest;
      if (!isOld && this.sessions.size <= LIMITS.sessions) return;
      this.sessions.delete(sessionId);
    }
  }
}

function limitSize(facts: ActivityFacts): ActivityFacts {
  if (facts.kind === 'drill') return facts;
  const { url, error, claims } = facts;
  const isLong = JSON.stringify(claims ?? {}).length > LIMITS.claimsCharacters;
  return {
    ...facts,
    url: url.slice(0, LIMITS.textCharacters),
    error: error?.slice(0, LIMITS.textCharacters),
    claims: isLong ? undefined : claims,
  };
}
