import { Clock, removeTrailingSlash } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { decodeClaims, type UpstreamEntry } from '../upstream/upstream-observer.js';
import { WEB_CONFIG, type WebConfig } from '../web.config.js';
import type { RequestFacts } from './activity-log.js';

export interface DrillRequest {
  readonly target: UpstreamEntry['target'];
  readonly method?: 'GET' | 'DELETE';
  readonly path: string;
  readonly token?: string;
}

const TIMEOUT_MS = 3_000;
/** `ops keys activate` starts a process for each key. */
const CONTROL_TIMEOUT_MS = 30_000;

const controlAnswer = z.object({
  /** When the same request can succeed; ISO 8601. */
  notBefore: z.iso.datetime().optional(),
  seconds: z.number().optional(),
});
export type ControlAnswer = z.infer<typeof controlAnswer> & { readonly isDone: boolean };

/** Sends the requests of drills as they are: no token is refreshed, and no answer ends the session. */
@Injectable()
export class DrillServers {
  constructor(
    @Inject(WEB_CONFIG) private readonly config: WebConfig,
    private readonly clock: Clock,
  ) {}

  async send({ target, method = 'GET', path, token }: DrillRequest): Promise<RequestFacts> {
    const url = `${this.addressOf(target)}${path}`;
    const startedAt = this.clock.monotonic();
    const response = await fetch(url, {
      method,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => undefined);
    await response?.body?.cancel();
    return {
      kind: 'request',
      method,
      url,
      status: response?.status,
      milliseconds: Math.round(this.clock.monotonic() - startedAt),
      claims: decodeClaims(token),
      kid: token && readKeyId(token),
      error: readChallenge(response?.headers.get('www-authenticate')),
    };
  }

  /** @throws {Error} when the launcher does not answer, or refuses for good */
  async control(action: 'stop-auth' | 'rotate-keys'): Promise<ControlAnswer> {
    const { DEMO_CONTROL_URL, DEMO_CONTROL_SECRET } = this.config;
    const response = await fetch(`${DEMO_CONTROL_URL}/${action}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${DEMO_CONTROL_SECRET}` },
      redirect: 'error',
      signal: AbortSignal.timeout(CONTROL_TIMEOUT_MS),
    });
    const answer = controlAnswer.parse(await response.json());
    if (!response.ok && answer.notBefore === undefined) {
      throw new Error(`the launcher answered ${response.status}`);
    }
    return { ...answer, isDone: response.ok };
  }

  private addressOf(target: DrillRequest['target']): string {
    const { AUTH_URL, AUTH_ISSUER, ORDERS_URL, BILLING_URL } = this.config;
    const addresses = { auth: AUTH_URL ?? AUTH_ISSUER, orders: ORDERS_URL, billing: BILLING_URL };
    return removeTrailingSlash(addresses[target]);
  }
}

/** For display only: nothing is verified. */
export function readKeyId(jwt: string): string | undefined {
  const [header = ''] = jwt.split('.');
  const { kid } = z
    .object({ kid: z.string() })
    .parse(JSON.parse(Buffer.from(header, 'base64url').toString()));
  return kid;
}

/** `invalid_token: The token …` of a `WWW-Authenticate` header (RFC 6750 §3). */
export function readChallenge(header: string | null | undefined): string | undefined {
  const read = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(header ?? '')?.[1];
  const parts = [read('error'), read('error_description')].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(': ');
}
