import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Answer } from '../http.js';
import { BY_BALANCER } from './balancer.js';

/** A request and its outcome. */
export interface Exchange {
  /** Such as `GET /orders`. */
  readonly request: string;
  /** `performance.now()`. */
  readonly startedAt: number;
  /** The access token of the request. */
  readonly token?: string;
  /** Undefined if the connection broke. */
  readonly answer: Answer | undefined;
}

/** `again`: the outcome is unknown or the answer was 503. `renew`: repeat with another access token. */
export type Verdict = 'done' | 'again' | 'renew' | 'wrong';

export interface Fault {
  /** ISO 8601. */
  readonly at: string;
  readonly request: string;
  readonly answer: string;
}

/** Counts all answers and classifies them as right or wrong. */
export class Ledger {
  readonly faults: Fault[] = [];
  private readonly counted = new Map<string, number>();
  private readonly revokedKeys = new Set<string>();
  private outages = 0;
  private lastDownUntil = Number.NEGATIVE_INFINITY;

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.counted].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** Runs work while a dependency is down. Only then may a request be lost or answered with 503. */
  async duringOutage<T>(work: () => Promise<T>): Promise<T> {
    this.outages += 1;
    try {
      return await work();
    } finally {
      this.outages -= 1;
      this.lastDownUntil = performance.now();
    }
  }

  /** From now on, a service may refuse a token of this key. */
  expectRevoked(kid: string): void {
    this.revokedKeys.add(kid);
  }

  isRevoked(token: string): boolean {
    return this.revokedKeys.has(decodeProtectedHeader(token).kid ?? '');
  }

  count(what: string): void {
    this.counted.set(what, (this.counted.get(what) ?? 0) + 1);
  }

  record(exchange: Exchange): Verdict {
    const { request, answer } = exchange;
    this.count(
      `${request} ${answer?.status ?? 'lost'}${answer?.headers.has(BY_BALANCER) ? ' (balancer)' : ''}`,
    );
    const outcome = this.classify(exchange);
    if (outcome === 'wrong') this.recordFault(exchange);
    return outcome;
  }

  private classify(exchange: Exchange): Verdict {
    const { answer } = exchange;
    if (!answer || isOrderlyOutage(answer))
      return this.isFailureExpected(exchange) ? 'again' : 'wrong';
    if (answer.status < 300) return 'done';
    if (isRateLimited(answer)) return 'again';
    return this.isOfRevokedKey(exchange) && answer.status === 401 ? 'renew' : 'wrong';
  }

  private isFailureExpected({ startedAt }: Exchange): boolean {
    return this.outages > 0 || startedAt <= this.lastDownUntil;
  }

  private isOfRevokedKey({ token }: Exchange): boolean {
    return token !== undefined && this.isRevoked(token);
  }

  private recordFault({ request, token, answer }: Exchange): void {
    const tokenClaims = token === undefined ? '' : ` · token ${describeToken(token)}`;
    const said = answer ? `${answer.status} ${getChallenge(answer)} ${answer.text}` : 'no answer';
    this.faults.push({ at: new Date().toISOString(), request, answer: `${said}${tokenClaims}` });
  }
}

/** RFC 9110 §10.2.3. */
const hasRetryAfter = ({ headers }: Answer): boolean => Number(headers.get('retry-after')) >= 1;

/** RFC 6585 §4. */
const isRateLimited = (answer: Answer): boolean => answer.status === 429 && hasRetryAfter(answer);

/** Only the balancer answers 502. A service that cannot work answers 503 in the form of its protocol. */
function isOrderlyOutage(answer: Answer): boolean {
  if (!hasRetryAfter(answer)) return false;
  if (answer.headers.has(BY_BALANCER)) return answer.status === 502 || answer.status === 503;
  const { error, status } = answer.body;
  return answer.status === 503 && (error === 'temporarily_unavailable' || status === 503);
}

const getChallenge = ({ headers }: Answer): string => headers.get('www-authenticate') ?? '';

function describeToken(token: string): string {
  const { kid } = decodeProtectedHeader(token);
  const { iat, exp, sid, aud } = decodeJwt(token);
  return JSON.stringify({ kid, iat, exp, sid, aud });
}
