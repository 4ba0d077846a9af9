import type { GuardsOptions, ResolvedGuardsOptions } from '../nest/guards.options.js';
import type { ResolvedIssuer } from '../core/verifier.options.js';
import type { AccessTokenVerifier } from '../core/access-token-verifier.js';
import type { IssuerRegistry, TrustedIssuer } from '../core/trusted-issuer.js';
import { checkUnbound } from '../core/read-access-token.js';
import { BearerError, throwBearerError } from '../nest/bearer-error.js';
import { createVerifier, resolveOptions } from '../nest/resolve-options.js';
import type { AccessToken } from '../core/access-token.js';
import { currentLifetimeLimits, readInstant } from '../core/claims.js';
import {
  type CompactJws,
  decodeHeader,
  parseCompactJws,
  readAlgorithm,
  readKeyId,
} from '../core/jws.js';
import { TokenError } from '../core/token-error.js';
import type { JsonObject } from '../core/strict-json.js';
import { CLAIM_RULES, POSSESSION_RULES, TIME_RULES, type Times } from './claim-rules.js';
import {
  findPublishedKey,
  HEADER_FORM_RULES,
  HEADER_RULES,
  ISSUER_RULES,
  KEY_RULES,
  REFERENCE_RULES,
  SIGNATURE_RULES,
  type SignedParts,
  STATUS_RULES,
  type StatusSubject,
  TEXT_RULES,
} from './token-rules.js';
import { type Finding, judge } from './rule.js';

/** The result of each rule for one token. Contains no signature, so that printing it reveals no usable token. */
export interface Explanation {
  readonly header: JsonObject | undefined;
  readonly claims: JsonObject | undefined;
  /** One finding for each rule, in the order of the library's checks. */
  readonly findings: readonly Finding[];
  /** The result of the authenticator; undefined if no keys were fetched. */
  readonly verdict: AccessToken | BearerError | undefined;
}

/**
 * Checks a token against every rule of a configuration. For operators who investigate a refusal; programs must not use
 * it for decisions.
 *
 * @param offline fetches no keys, so that neither signature nor verdict is known
 * @throws GuardsConfigurationError
 */
export async function explainToken(
  token: string,
  options: GuardsOptions,
  { offline = false }: { readonly offline?: boolean } = {},
): Promise<Explanation> {
  const resolved = resolveOptions(options);
  const verifier = createVerifier(resolved);
  try {
    return await explain({ token, resolved, verifier, offline });
  } finally {
    verifier.close();
  }
}

interface ExplanationRequest {
  readonly token: string;
  readonly resolved: ResolvedGuardsOptions;
  readonly verifier: AccessTokenVerifier;
  readonly offline: boolean;
}

async function explain({
  token,
  resolved,
  verifier,
  offline,
}: ExplanationRequest): Promise<Explanation> {
  const { issuers } = verifier;
  const parts = parseParts(token, issuers);
  const { jws, header, rules } = parts;
  const findings = await Promise.all([
    judge(TEXT_RULES, { token, options: resolved }),
    judge(ISSUER_RULES, jws && { claims: jws.claims, issuers }),
    judge(HEADER_FORM_RULES, jws),
    judge(HEADER_RULES, header && rules && { header, rules }),
    judgeKey(offline ? undefined : findSignedParts(parts)),
    judgeClaims(parts, resolved),
    judgeStatus(findStatusSubject(parts, resolved), offline),
    judge(POSSESSION_RULES, parts.claims && rules && { claims: parts.claims, rules }),
  ]);
  return {
    header,
    claims: parts.claims,
    findings: findings.flat(),
    verdict: offline ? undefined : await verifyToken(token, verifier),
  };
}

interface Parts {
  readonly jws: CompactJws | undefined;
  readonly header: JsonObject | undefined;
  readonly claims: JsonObject | undefined;
  readonly issuer: TrustedIssuer | undefined;
  readonly rules: ResolvedIssuer | undefined;
}

/** The readable parts of the token. With one configured issuer, its rules are used even if `iss` differs. */
function parseParts(token: string, issuers: IssuerRegistry): Parts {
  const jws = tryRead(() => parseCompactJws(token));
  const issuer = issuers.named(jws?.claims['iss']) ?? issuers.only;
  return {
    jws,
    header: jws && tryRead(() => decodeHeader(jws.header)),
    claims: jws?.claims,
    issuer,
    rules: issuer?.rules,
  };
}

/** Ignores other faults of the header, because a valid signature shows which issuer made them. */
function findSignedParts({ issuer, jws, header }: Parts): SignedParts | undefined {
  if (!issuer || !jws || !header) return undefined;
  const alg = tryRead(() => readAlgorithm(header, issuer.rules));
  const kid = tryRead(() => readKeyId(header));
  return alg && kid !== undefined ? { issuer, jws, jose: { alg, kid } } : undefined;
}

async function judgeKey(subject: SignedParts | undefined): Promise<Finding[]> {
  const key = subject && (await findPublishedKey(subject).catch(ignoreTokenError));
  return [
    ...(await judge(KEY_RULES, subject)),
    ...(await judge(SIGNATURE_RULES, subject && key && { ...subject, key })),
  ];
}

async function judgeClaims(
  { claims, rules }: Parts,
  options: ResolvedGuardsOptions,
): Promise<Finding[]> {
  return [
    ...(await judge(CLAIM_RULES, claims && rules && { claims, rules })),
    ...(await judge(TIME_RULES, claims && readTimes(claims, options))),
  ];
}

async function judgeStatus(subject: StatusSubject | undefined, offline: boolean) {
  const found = await judge(REFERENCE_RULES, subject);
  const isPlaced = found.every(({ verdict }) => verdict === 'kept');
  return [...found, ...(await judge(STATUS_RULES, isPlaced && !offline ? subject : undefined))];
}

function findStatusSubject({ claims, issuer }: Parts, options: ResolvedGuardsOptions) {
  if (!claims || !issuer) return undefined;
  const issuedAt = tryRead(() => readInstant(claims['iat'], 'iat')) ?? new Date(0);
  return { claims, issuer, issuedAt, at: options.monotonicNow() };
}

function readTimes(claims: JsonObject, options: ResolvedGuardsOptions): Times {
  const time = (name: string) => tryRead(() => readInstant(claims[name], name));
  return {
    expiresAt: time('exp'),
    issuedAt: time('iat'),
    notBefore: time('nbf'),
    lifetime: currentLifetimeLimits(options),
  };
}

async function verifyToken(token: string, verifier: AccessTokenVerifier) {
  const verifying = Promise.resolve().then(() => verifier.verify(token));
  try {
    return await verifying.then(checkUnbound).catch(throwBearerError);
  } catch (error) {
    if (error instanceof BearerError) return error;
    throw error;
  }
}

/** Ignores a token error here, because its rule reports it as a finding. */
function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    return ignoreTokenError(error);
  }
}

function ignoreTokenError(error: unknown): undefined {
  if (!(error instanceof TokenError)) throw error;
}
