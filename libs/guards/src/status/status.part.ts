import { findUrlFault } from '../core/bounded-fetch.js';
import { option } from '../core/options.js';
import type { StatusPart } from '../core/trusted-issuer.js';
import type { RequiredOptions, ResolvedVerifierOptions } from '../core/verifier.options.js';
import { StatusLists } from './status-lists.js';

/**
 * How soon this process notices that a session was revoked (Token Status List, draft-ietf-oauth-status-list). It
 * applies to tokens that carry `status.status_list`; other tokens have no status.
 */
export interface StatusListOptions {
  /** Longest time between the publication of a revocation and its effect here, in seconds. */
  readonly maxAgeSeconds?: number | undefined;
  /** Oldest list that stays in use while a newer one cannot be fetched, in seconds. */
  readonly maxStaleSeconds?: number | undefined;
  /** Treatment of tokens when no usable list exists: `refuse` answers 503 with `Retry-After`, `accept` lets them pass. Default `refuse`. */
  readonly whenUnavailable?: 'refuse' | 'accept' | undefined;
  /** Deadline of one fetch, from the connection to the last byte, in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Largest list that is read, in bytes, both compressed and inflated. */
  readonly maxBytes?: number | undefined;
}

declare module '../core/verifier.options.js' {
  interface TokenOptions {
    readonly statusLists?: StatusListOptions | undefined;
  }
  interface IssuerOptions {
    /** Origin to fetch status lists from, under the same path. Default: the origin of the address in the token. */
    readonly statusListsOrigin?: string | undefined;
  }
  interface ResolvedVerifierOptions {
    readonly statusLists: RequiredOptions<StatusListOptions> & Pick<TokenOptions, 'fetch'>;
  }
  interface ResolvedIssuer {
    readonly statusListsOrigin?: string | undefined;
  }
}

const STATUS_LIST_OPTIONS = {
  maxAgeSeconds: option.number(1, 3600, 10),
  maxStaleSeconds: option.number(1, 86_400, 300),
  whenUnavailable: option.oneOf(['refuse', 'accept'], 'refuse'),
  timeoutMs: option.number(50, 30_000, 3000),
  maxBytes: option.number(1024, 16_777_216, 1_048_576),
};

/** Refuses tokens of revoked sessions. */
export const status: StatusPart = {
  options: { statusLists: option.object(STATUS_LIST_OPTIONS) },
  issuerOptions: { statusListsOrigin: option.text },
  resolve: ({ statusLists, fetch }) => ({ statusLists: Object.freeze({ ...statusLists, fetch }) }),
  findFaults: (resolved) => [
    ...resolved.issuers.flatMap(({ statusListsOrigin }, i) =>
      findOriginFaults(statusListsOrigin, resolved).map(
        (fault) => `${nameOrigin(resolved, i)} ${fault}`,
      ),
    ),
    ...findAgeFaults(resolved),
  ],
  createSource: (rules, options, keySet) => new StatusLists(rules, options, keySet),
};

function nameOrigin({ issuers }: ResolvedVerifierOptions, i: number): string {
  return issuers.length === 1 ? '`statusListsOrigin`' : `\`issuers[${i}].statusListsOrigin\``;
}

/** The path of a list comes from the token, so the option must be a bare origin. */
function findOriginFaults(origin: string | undefined, options: ResolvedVerifierOptions): string[] {
  if (origin === undefined) return [];
  const insecure = findUrlFault(origin, options);
  if (insecure) return [insecure];
  return new URL(origin).origin === origin ? [] : ['must be an origin, without a path'];
}

function findAgeFaults({ statusLists }: ResolvedVerifierOptions): string[] {
  const { maxAgeSeconds, maxStaleSeconds } = statusLists;
  if (maxStaleSeconds >= maxAgeSeconds) return [];
  return ['`statusLists.maxStaleSeconds` must not be less than `statusLists.maxAgeSeconds`'];
}
