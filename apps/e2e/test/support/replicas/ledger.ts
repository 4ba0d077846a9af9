import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { Answer } from '../http.js';
import { BY_BALANCER } from './balancer.js';

/** What became of a request. */
export interface Exchange {
  /** Such as `GET /orders`. */
  readonly request: string;
  /** `performance.now()`. */
  readonly startedAt: number;
  /** The access token that came with it. */
  readonly token?: string;
  /** None where the connection broke. */
  readonly answer: Answer | undefined;
}

/** `again`: nobody knows what became of it, or it was told to come back. `renew`: with another access token. */
export type Verdict = 'done' | 'again' | 'renew' | 'wrong';

export interface Fault {
  /** ISO 8601. */
  readonly at: string;
  readonly request: string;
  readonly answer: string;
}

/** Keeps count of every answer, and tells the right ones from the wrong ones. */
export class Ledger {
  readonly faults: Fault[] = [];
  private readonly counted = new Map<string, number>();
  private readonly revokedKeys = new Set<string>();
  private outages = 0;
  private lastDownUntil = Number.NEGATIVE_INFINITY;

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.counted].sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  /** While this goes on something is down: a request may be lost, or told to come back. Otherwise none may. */
  async duringOutage<T>(work: () => Promise<T>): Promise<T> {
    this.outages += 1;
    try {
      return await work();
    } finally {
      this.outages -= 1;
      this.lastDownUntil = performance.now();
    }
  }

  /** From now on a token that the key signed may be refused. */
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
    const verdict = this.classify(exchange);
    if (verdict === 'wrong') this.recordFault(exchange);
    return verdict;
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

/** 502 is the balancer's alone; a service that cannot do its work says so by 503, as its protocol has it. */
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
