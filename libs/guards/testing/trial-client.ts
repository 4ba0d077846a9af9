import type { INestApplication } from '@nestjs/common';
import {
  GUARDS_OPTIONS,
  RESOLVED_OPTIONS,
  type ResolvedGuardsOptions,
} from '../src/nest/guards.options.js';
import { DpopClient } from './dpop-client.js';
import type { GuardedRoute } from './routes.js';
import type { TestIssuer } from './test-issuer.js';

/** A request with these credentials, and the check of its answer. */
export interface Trial {
  readonly credentials: string;
  /** Claims of the token. Without claims, no token is sent. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Describes what is wrong; undefined for an answer that is right. */
  readonly findFault: (answer: Response) => string | undefined;
  /** Whether the handler runs. It may stream, or wait. */
  readonly reachesHandler?: true;
}

type Headers = Readonly<Record<string, string>>;

/** A handler that has not answered by then was reached: the guards do not make a client wait. */
const HANDLER_DEADLINE_MS = 3000;

/** Sends bearer tokens, or DPoP-bound tokens to an application that accepts no others. */
export class TrialClient {
  private readonly dpop: DpopClient | undefined;
  private readonly baseUrl: string;
  /** The nonce that the application sent last (RFC 9449 §9). */
  private nonce: string | undefined;

  constructor(
    app: INestApplication,
    private readonly issuer: TestIssuer,
    private readonly origin: string,
  ) {
    const { proofOfPossession, now } = app.get<ResolvedGuardsOptions>(RESOLVED_OPTIONS);
    this.dpop = proofOfPossession?.isRequired ? new DpopClient({ now }) : undefined;
    this.baseUrl = findBaseUrl(app.get<DpopApplicationOptions>(GUARDS_OPTIONS));
  }

  /** Sends the requests one after the other. Returns each fault with the credentials of its request. */
  async findFaults(route: GuardedRoute, trials: readonly Trial[]): Promise<string[]> {
    const faults: string[] = [];
    for (const trial of trials) {
      const answer = await this.send(route, trial);
      const fault = answer && trial.findFault(answer);
      if (fault) faults.push(`${trial.credentials}: ${fault}`);
    }
    return faults;
  }

  private async send(route: GuardedRoute, trial: Trial): Promise<Response | undefined> {
    const answer = await this.request(route, trial);
    if (!answer || !this.takeNonce(answer.headers)) return answer;
    return this.request(route, trial);
  }

  /** Returns whether the application refused the request for lack of this nonce. */
  private takeNonce(headers: Response['headers']): boolean {
    const nonce = headers.get('dpop-nonce');
    const challenge = headers.get('www-authenticate') ?? '';
    if (nonce === null || !challenge.includes('error="use_dpop_nonce"')) return false;
    this.nonce = nonce;
    return true;
  }

  /** Returns undefined if the handler was reached and has not answered yet. */
  private async request(route: GuardedRoute, trial: Trial): Promise<Response | undefined> {
    const { method, path } = route;
    const signal = trial.reachesHandler && AbortSignal.timeout(HANDLER_DEADLINE_MS);
    try {
      const answer = await fetch(this.origin + path, {
        method,
        headers: trial.claims ? this.headers(route, trial.claims) : {},
        redirect: 'manual',
        ...(signal && { signal }),
      });
      await answer.body?.cancel();
      return answer;
    } catch (error) {
      if (signal?.aborted) return undefined;
      throw error;
    }
  }

  private headers({ method, path }: GuardedRoute, claims: object): Headers {
    const { dpop, nonce, issuer, baseUrl } = this;
    if (!dpop) return { authorization: `Bearer ${issuer.accessToken({ ...claims })}` };
    const accessToken = issuer.accessToken({ ...claims, cnf: dpop.cnf });
    const request = { method, url: baseUrl + path, accessToken };
    return dpop.headers(nonce === undefined ? request : { ...request, nonce });
  }
}

interface DpopApplicationOptions {
  readonly audience: string;
  readonly dpop?: { readonly baseUrl?: string };
}

/** The public address that proofs name (RFC 9449 §4.3), in an application that has the option `dpop`. */
function findBaseUrl({ audience, dpop }: DpopApplicationOptions): string {
  if (!dpop) return '';
  return dpop.baseUrl?.replace(/\/$/, '') ?? new URL(audience).origin;
}
