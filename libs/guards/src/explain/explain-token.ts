import { AccessTokenStrategy } from '../access-token.strategy.js';
import type { GuardsOptions, ResolvedGuardsOptions } from '../guards.options.js';
import type { ResolvedIssuer } from '../issuers/issuer.options.js';
import type { TrustedIssuer } from '../issuers/trusted-issuer.js';
import { TrustedIssuers } from '../issuers/trusted-issuers.js';
import { BearerError } from '../refusals/bearer-error.js';
import { resolveOptions } from '../resolve-options.js';
import type { AccessToken } from '../token/access-token.js';
import { instant } from '../token/claims.js';
import { type CompactJws, decodeHeader, parseCompactJws } from '../token/compact-jws.js';
import { algorithmOf, keyIdOf } from '../token/jose-header.js';
import { lifetimeNow } from '../token/lifetime.js';
import type { JsonObject } from '../token/strict-json.js';
import { CLAIM_RULES, POSSESSION_RULES } from './claim-rules.js';
import { HEADER_FORM_RULES, HEADER_RULES, ISSUER_RULES, TEXT_RULES } from './form-rules.js';
import { KEY_RULES, publishedKey, type Signed, SIGNATURE_RULES } from './key-rules.js';
import { type Finding, judge } from './rule.js';
import { REFERENCE_RULES, STATUS_RULES, type StatusSubject } from './status-rules.js';
import { TIME_RULES, type Times } from './time-rules.js';

/** What a configuration says of one token. Without its signature, so that printing this gives no token away. */
export interface Explanation {
  readonly header: JsonObject | undefined;
  readonly claims: JsonObject | undefined;
  /** Every rule, in the order in which the library looks at them. */
  readonly findings: readonly Finding[];
  /** What the strategy itself makes of the token; undefined when nobody was asked for keys. */
  readonly verdict: AccessToken | BearerError | undefined;
}

/**
 * Holds a token against every rule of a configuration. For people who look into a refusal: no program may decide
 * anything by it.
 *
 * @param offline asks nobody for keys, so that neither signature nor verdict is known
 * @throws GuardsConfigurationError
 */
export async function explainToken(
  token: string,
  options: GuardsOptions,
  { offline = false }: { readonly offline?: boolean } = {},
): Promise<Explanation> {
  const resolved = resolveOptions(options);
  const issuers = new TrustedIssuers(resolved);
  try {
    return await explain({ token, resolved, issuers, offline });
  } finally {
    issuers.onModuleDestroy();
  }
}

interface Question {
  readonly token: string;
  readonly resolved: ResolvedGuardsOptions;
  readonly issuers: TrustedIssuers;
  readonly offline: boolean;
}

async function explain({ token, resolved, issuers, offline }: Question): Promise<Explanation> {
  const parts = takeApart(token, issuers);
  const { jws, header, rules } = parts;
  const findings = await Promise.all([
    judge(TEXT_RULES, { token, options: resolved }),
    judge(ISSUER_RULES, jws && { claims: jws.claims, issuers }),
    judge(HEADER_FORM_RULES, jws),
    judge(HEADER_RULES, header && rules && { header, rules }),
    keyFindings(offline ? undefined : signed(parts)),
    claimFindings(parts, resolved),
    statusFindings(statusSubject(parts, resolved), offline),
    judge(POSSESSION_RULES, parts.claims && rules && { claims: parts.claims, rules }),
  ]);
  return {
    header,
    claims: parts.claims,
    findings: findings.flat(),
    verdict: offline ? undefined : await verdictOn(token, resolved, issuers),
  };
}

interface Parts {
  readonly jws: CompactJws | undefined;
  readonly header: JsonObject | undefined;
  readonly claims: JsonObject | undefined;
  readonly issuer: TrustedIssuer | undefined;
  readonly rules: ResolvedIssuer | undefined;
}

/** As far as it can be read. Where one issuer is trusted, its rules are those that the token should have kept. */
function takeApart(token: string, issuers: TrustedIssuers): Parts {
  const jws = readable(() => parseCompactJws(token));
  const issuer = issuers.named(jws?.claims['iss']) ?? issuers.only;
  return {
    jws,
    header: jws && readable(() => decodeHeader(jws.header)),
    claims: jws?.claims,
    issuer,
    rules: issuer?.rules,
  };
}

/** Whatever else is wrong with the header: a good signature says who made the mistake. */
function signed({ issuer, jws, header }: Parts): Signed | undefined {
  if (!issuer || !jws || !header) return undefined;
  const alg = readable(() => algorithmOf(header, issuer.rules));
  const kid = readable(() => keyIdOf(header));
  return alg && kid !== undefined ? { issuer, jws, jose: { alg, kid } } : undefined;
}

async function keyFindings(subject: Signed | undefined): Promise<Finding[]> {
  const key = subject && (await publishedKey(subject).catch(refusalIsNothing));
  return [
    ...(await judge(KEY_RULES, subject)),
    ...(await judge(SIGNATURE_RULES, subject && key && { ...subject, key })),
  ];
}

async function claimFindings(
  { claims, rules }: Parts,
  options: ResolvedGuardsOptions,
): Promise<Finding[]> {
  return [
    ...(await judge(CLAIM_RULES, claims && rules && { claims, rules })),
    ...(await judge(TIME_RULES, claims && timesOf(claims, options))),
  ];
}

async function statusFindings(subject: StatusSubject | undefined, offline: boolean) {
  const found = await judge(REFERENCE_RULES, subject);
  const isPlaced = found.every(({ verdict }) => verdict === 'kept');
  return [...found, ...(await judge(STATUS_RULES, isPlaced && !offline ? subject : undefined))];
}

function statusSubject({ claims, issuer }: Parts, options: ResolvedGuardsOptions) {
  if (!claims || !issuer) return undefined;
  const issuedAt = readable(() => instant(claims['iat'], 'iat')) ?? new Date(0);
  return { claims, issuer, issuedAt, now: options.now() };
}

function timesOf(claims: JsonObject, options: ResolvedGuardsOptions): Times {
  const time = (name: string) => readable(() => instant(claims[name], name));
  return {
    expiresAt: time('exp'),
    issuedAt: time('iat'),
    notBefore: time('nbf'),
    lifetime: lifetimeNow(options),
  };
}

async function verdictOn(token: string, options: ResolvedGuardsOptions, issuers: TrustedIssuers) {
  const strategy = new AccessTokenStrategy(options, issuers);
  try {
    return await strategy.validate(token);
  } catch (error) {
    if (error instanceof BearerError) return error;
    throw error;
  }
}

/** The finding says what is wrong with it. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    return refusalIsNothing(error);
  }
}

function refusalIsNothing(error: unknown): undefined {
  if (!(error instanceof BearerError)) throw error;
}
