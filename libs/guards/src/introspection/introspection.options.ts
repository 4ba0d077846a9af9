import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import { type Algorithm, getAlgorithmParameters, isAlgorithm } from '../core/algorithms.js';
import type { ClaimPath } from '../core/claims.js';
import { isName, option, OptionReader } from '../core/options.js';
import { ISSUER_OPTIONS, resolveIssuer, VERIFIER_OPTIONS } from '../core/resolve-options.js';
import { findUrlFault } from '../core/bounded-fetch.js';
import type {
  IssuerOptions,
  RequiredOptions,
  ResolvedVerifierOptions,
  TokenOptions,
} from '../core/verifier.options.js';
import type { AnswerRules } from './answer.js';

type SharedOption =
  | 'clockToleranceSeconds'
  | 'maxTokenBytes'
  | 'dangerouslyAllowInsecureHttp'
  | 'fetch'
  | 'now'
  | 'monotonicNow';

/** The options of `introspection()`. Those with the name of an option of the guards mean the same. */
export interface IntrospectionOptions
  extends
    Pick<TokenOptions, SharedOption>,
    Pick<IssuerOptions, 'claims' | 'requiredClaims' | 'ignoresTokenBinding' | 'requiresDpop'> {
  /** The authorization server. A token whose answer names another `iss` is refused. */
  readonly issuer: string;
  /** Address of the endpoint. Default: `introspection_endpoint` of the issuer's metadata (RFC 8414). */
  readonly endpoint?: string | undefined;
  /** Identifiers of this resource server. One of them must be in `aud` of the answer. */
  readonly audience: string | readonly string[];
  /** The client of this resource server at the authorization server (RFC 7662 §2.1). */
  readonly client: ClientWithSecret | ClientWithKey;
  /** How long an answer is used, in seconds, never beyond `exp`. A revocation takes effect within this time. Default 10. */
  readonly cacheSeconds?: number | undefined;
  /** Number of cached answers for active tokens, and as many for refused tokens. Default 10,000. */
  readonly maxCached?: number | undefined;
  /** Requests to the endpoint at the same time. 1,000 more can wait, at most for `timeoutMs`. Default 32. */
  readonly maxConcurrent?: number | undefined;
  /** Deadline of one request to the endpoint, in milliseconds. Default 3000. */
  readonly timeoutMs?: number | undefined;
  /** Requires signed answers (RFC 9701), with these algorithms and the keys of the issuer. Default: JSON. */
  readonly signedResponses?: SignedResponses | undefined;
  /** Accepts answers without `aud`, which may be for another resource server, or without `exp`, which count as valid for `cacheSeconds`. Default none. */
  readonly acceptsMissing?: readonly ('aud' | 'exp')[] | undefined;
  /** The subject: the first of these members with a value. Default `['sub']`; `['sub', 'client_id']` if tokens of clients have no `sub`. */
  readonly subject?: readonly ClaimPath[] | undefined;
}

/** Authenticates by HTTP Basic (RFC 6749 §2.3.1). */
export interface ClientWithSecret {
  readonly id: string;
  readonly secret: string;
}

/** Authenticates by `private_key_jwt` (RFC 7523). */
export interface ClientWithKey {
  readonly id: string;
  readonly secret?: undefined;
  readonly key: KeyObject;
  readonly algorithm: Algorithm;
  readonly kid?: string | undefined;
}

/** Also compilers that are not strict narrow the type by it. */
export function hasSecret(client: ClientWithSecret | ClientWithKey): client is ClientWithSecret {
  return client.secret !== undefined;
}

export interface SignedResponses {
  readonly algorithms: readonly Algorithm[];
  /** Default: `jwks_uri` of the issuer's metadata. */
  readonly jwksUri?: string | undefined;
}

export interface ResolvedIntrospectionOptions extends Pick<
  ResolvedVerifierOptions,
  'keySet' | 'dangerouslyAllowInsecureHttp' | 'now' | 'monotonicNow' | 'maxTokenBytes'
> {
  readonly endpoint?: string | undefined;
  readonly cacheSeconds: number;
  readonly client: ClientWithSecret | ClientWithKey;
  readonly maxCached: number;
  readonly maxConcurrent: number;
  readonly rules: AnswerRules;
}

const { claims, requiredClaims, ignoresTokenBinding, requiresDpop } = ISSUER_OPTIONS;

const INTROSPECTION_OPTIONS = {
  issuer: option.text,
  endpoint: option.text,
  audience: option.textOrTexts,
  client: option.object({
    id: option.text,
    secret: option.text,
    key: option.any,
    algorithm: option.text,
    kid: option.text,
  }),
  cacheSeconds: option.number(0, 300, 10),
  maxCached: option.number(1, 1_000_000, 10_000),
  maxConcurrent: option.number(1, 1000, 32),
  timeoutMs: option.number(50, 30_000, 3000),
  signedResponses: option.optionalObject({ algorithms: option.texts([]), jwksUri: option.text }),
  acceptsMissing: option.listOf("'aud' or 'exp'", (one) => one === 'aud' || one === 'exp', []),
  subject: option.claims(['sub']),
  claims: option.object({ ...claims.members, tokenId: option.claims([]) }),
  requiredClaims,
  ignoresTokenBinding,
  requiresDpop,
  clockToleranceSeconds: VERIFIER_OPTIONS.clockToleranceSeconds,
  maxTokenBytes: VERIFIER_OPTIONS.maxTokenBytes,
  dangerouslyAllowInsecureHttp: VERIFIER_OPTIONS.dangerouslyAllowInsecureHttp,
  fetch: VERIFIER_OPTIONS.fetch,
  now: VERIFIER_OPTIONS.now,
  monotonicNow: VERIFIER_OPTIONS.monotonicNow,
};

type Optional = 'endpoint' | 'fetch' | 'signedResponses';

/** The options as the reader returns them: every shape is right, and every default is filled in. */
type ReadOptions = RequiredOptions<Omit<IntrospectionOptions, Optional | 'claims'>> & {
  readonly [K in Optional]: IntrospectionOptions[K];
} & { readonly claims: RequiredOptions<NonNullable<IssuerOptions['claims']>> };

/** @throws GuardsConfigurationError with all faults */
export function resolveIntrospection(given: IntrospectionOptions): ResolvedIntrospectionOptions {
  const reader = new OptionReader();
  const read = reader.read(given, INTROSPECTION_OPTIONS) as unknown as ReadOptions; // Every shape was checked.
  reader.add([...findNameFaults(read), ...findUrlFaults(read), ...findClientFaults(read.client)]);
  reader.throwFaults();
  const { timeoutMs, fetch } = read;
  const keySet = {
    cooldownSeconds: 10,
    maxStaleSeconds: 3600,
    maxBytes: 524_288,
    timeoutMs,
    fetch,
  };
  return Object.freeze({ ...read, keySet, rules: resolveRules(read) });
}

function resolveRules(read: ReadOptions): AnswerRules {
  const { issuer, audience, claims, requiredClaims, ignoresTokenBinding, requiresDpop } = read;
  const { algorithms = [], jwksUri } = read.signedResponses ?? {};
  const binding = { ignoresTokenBinding, requiresDpop };
  const named = { issuer, audience, algorithms, jwksUri, claims, requiredClaims, ...binding };
  const unused = { keys: undefined, ignoresTokenStatus: true, tokenTypes: [] };
  return {
    issuer: resolveIssuer({ ...named, ...unused }, ''),
    subject: read.subject,
    acceptsMissing: read.acceptsMissing,
    toleranceMs: read.clockToleranceSeconds * 1000,
    cacheMs: Math.max(1, read.cacheSeconds) * 1000,
  };
}

/** One sentence for each fault. It says what to set. */
function findNameFaults({ issuer, audience, signedResponses }: ReadOptions): string[] {
  const audiences = [audience].flat();
  const isMissing = {
    'set `issuer` to the identifier of your authorization server': !isName(issuer),
    'set `audience` to the identifier of this resource server':
      audiences.length === 0 || !audiences.every(isName),
    'set `signedResponses.algorithms` to those your issuer signs with':
      signedResponses && !isListOfAlgorithms(signedResponses.algorithms),
  };
  return Object.entries(isMissing).flatMap(([fault, isFault]) => (isFault ? [fault] : []));
}

function isListOfAlgorithms(names: readonly unknown[]): boolean {
  return names.length > 0 && names.every(isAlgorithm);
}

function findUrlFaults(read: ReadOptions): string[] {
  const { issuer, endpoint, signedResponses: { jwksUri } = {} } = read;
  const needsMetadata = endpoint === undefined || (read.signedResponses && jwksUri === undefined);
  const urls = {
    issuer: needsMetadata ? issuer : undefined,
    endpoint,
    'signedResponses.jwksUri': jwksUri,
  };
  return Object.entries(urls).flatMap(([name, url]) => {
    const fault = isName(url) ? findUrlFault(url, read) : undefined;
    return fault === undefined ? [] : [`\`${name}\` ${fault}`];
  });
}

function findClientFaults(client: ReadOptions['client']): string[] {
  if (!isName(client.id)) return ['set `client.id` to the client of this resource server'];
  const hasKey = Reflect.get(client, 'key') !== undefined;
  if (isName(client.secret) !== hasKey) {
    return hasSecret(client) || canSign(client)
      ? []
      : ['`client.key` must be a private key (a KeyObject) for `client.algorithm`'];
  }
  return ['set either `client.secret`, or `client.key` and `client.algorithm`'];
}

/** Signs once, because an unfit key would fail at the first request. */
function canSign({ key, algorithm }: ClientWithKey): boolean {
  try {
    const { keyType, curve, hash, verifyOptions } = getAlgorithmParameters(algorithm);
    const { kty, crv } = createPublicKey(key).export({ format: 'jwk' });
    sign(hash, Buffer.alloc(0), { ...verifyOptions, key });
    return isAlgorithm(algorithm) && kty === keyType && (curve === undefined || crv === curve);
  } catch {
    return false;
  }
}
