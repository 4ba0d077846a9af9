import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import {
  createLocalJWKSet,
  decodeJwt,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  jwtVerify,
  type JWTVerifyResult,
} from 'jose';
import { z } from 'zod';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { OAuthError } from '../platform/oauth-error.js';
import { ReplayCacheRepository } from '../tokens/replay-cache.repository.js';
import type { Client } from './client.entity.js';
import { ASSERTION_ALGORITHMS } from './registered-credentials.js';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** How far the clocks of client and server may differ, in seconds. */
const CLOCK_SKEW_SECONDS = 30;
/** How far in the future `exp` may be, in seconds. The replay cache keeps each `jti` for this time. */
const MAX_LIFETIME_SECONDS = 3600;

/** Explicit typing is recommended (rfc7523bis §4), but most libraries omit `typ`. A JWT of another type is not a client assertion. */
const ALLOWED_TYPES: readonly unknown[] = [undefined, 'jwt', 'client-authentication+jwt'];

/** A media type, whose case has no meaning and whose prefix may be absent (RFC 7515 §4.1.9). */
const normalizeType = (typ: unknown): unknown =>
  typeof typ === 'string' ? typ.toLowerCase().replace(/^application\//, '') : typ;

const claimsSchema = z.object({
  exp: z.number(),
  iat: z.number().optional(),
  jti: z.string().min(1).max(255).optional(),
});

/** The request that an assertion came with. */
interface AssertionRequest {
  /** The path of the endpoint. */
  readonly path: string;
  /** Runs after all checks, before the `jti` is stored. It may throw. */
  readonly beforeUse: () => Promise<void>;
}

/** Verifies `private_key_jwt`: a client authenticates with a JWT that it signs with its own key (RFC 7523 §3, draft-ietf-oauth-rfc7523bis). */
@Injectable()
export class ClientAssertionVerifier {
  private readonly baseUrl: string;

  constructor(
    private readonly usedValues: ReplayCacheRepository,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {
    this.baseUrl = config.ISSUER.replace(/\/$/, '');
  }

  /**
   * Checks that the client signed the assertion for this server, that it is valid now, and that it was not used before.
   * @throws {OAuthError} `invalid_client`, which names the failed check to the client that signed the assertion
   */
  async verify(
    client: Client,
    assertion: string,
    { path, beforeUse }: AssertionRequest,
  ): Promise<void> {
    const now = this.clock.now();
    const verified = await verifySignature(client, assertion, now);
    this.checkAudience(client, verified.payload.aud, path);
    const { jti, exp } = checkClaims(verified, now / 1000);
    await beforeUse();

    // "The authorization server MAY ensure that JWTs are not replayed by maintaining the set of used jti values" (§3).
    // OpenID Connect Core §9 requires `jti`, RFC 7523 §3 does not, and some libraries omit it. Then the signed text is the value.
    const [what, value] = jti === undefined ? ['text', readSignedPart(assertion)] : ['jti', jti];
    const purpose = `client assertion of ${client.id}${jti === undefined ? ' without jti' : ''}`;
    const goodUntil = (Math.ceil(exp) + CLOCK_SKEW_SECONDS) * 1000;
    if (await this.usedValues.markUsed(purpose, value, goodUntil)) return;
    throw OAuthError.invalidClient('repeated_assertion', {
      presented: jti === undefined ? 'no jti' : `jti ${jti}`,
      expected: `a ${what} that was not used before`,
      hint: `its ${what} was used before`,
    });
  }

  /**
   * Every audience must be this server, because another server would accept an assertion that names it too. Only the issuer is
   * accepted by default, because an endpoint URL could come from another server's metadata (CVE-2025-27370, decision 16).
   */
  private checkAudience(client: Client, aud: unknown, path: string): void {
    const { ISSUER } = this.config;
    const tokenEndpoint = `${this.baseUrl}/oauth/token`;
    const endpoints = [tokenEndpoint, `${this.baseUrl}${path}`];
    const acceptsEndpoints = client.assertionAudience === 'token-endpoint';
    const accepted: readonly unknown[] = acceptsEndpoints ? [ISSUER, ...endpoints] : [ISSUER];
    const audiences: readonly unknown[] = [aud].flat();
    if (audiences.length > 0 && audiences.every((each) => accepted.includes(each))) return;
    const expected = acceptsEndpoints ? `${ISSUER} or ${tokenEndpoint}` : ISSUER;
    const isEndpoint = endpoints.some((each) => audiences.includes(each));
    throw wrongAssertion('aud', {
      presented: toText(aud),
      expected,
      hint: `aud of the assertion must be ${expected}${isEndpoint && !acceptsEndpoints ? ENDPOINT_HINT : ''}`,
    });
  }
}

const ENDPOINT_HINT =
  ', unless the operator registers the client with --assertion-audience token-endpoint';

type AssertionClaims = z.infer<typeof claimsSchema>;

/** @param now seconds since the epoch */
function checkClaims({ payload, protectedHeader }: JWTVerifyResult, now: number): AssertionClaims {
  const { typ } = protectedHeader;
  if (!ALLOWED_TYPES.includes(normalizeType(typ))) {
    throw wrongClaimError('typ', typ, 'client-authentication+jwt, JWT or absent');
  }
  const { data, error } = claimsSchema.safeParse(payload);
  if (!data) {
    const name = String(error.issues[0]?.path[0]);
    throw wrongClaimError(name, payload[name], CLAIM_RULES[name] ?? 'a valid value');
  }
  checkTimes(data, now);
  return data;
}

function checkTimes({ exp, iat }: AssertionClaims, now: number): void {
  const latest = Math.floor(now + CLOCK_SKEW_SECONDS);
  const latestExpiry = latest + MAX_LIFETIME_SECONDS;
  if (exp > latestExpiry) throw wrongClaimError('exp', exp, `${latestExpiry} or earlier`);
  if (iat !== undefined && iat > latest) throw wrongClaimError('iat', iat, `${latest} or earlier`);
}

/** Without the signature, because an attacker can change an ECDSA signature so that it still verifies. */
const readSignedPart = (assertion: string): string =>
  assertion.slice(0, assertion.lastIndexOf('.'));

const CLAIM_RULES: Readonly<Record<string, string>> = {
  exp: 'a number',
  iat: 'a number',
  jti: '1 to 255 characters',
};

const toText = (claim: unknown): string => (claim === undefined ? 'absent' : JSON.stringify(claim));

/** For a claim of an assertion that the client signed, so the client may learn the reason. */
const wrongClaimError = (name: string, presented: unknown, expected: string): OAuthError =>
  wrongAssertion(name, {
    presented: toText(presented),
    expected,
    hint: `${name} of the assertion must be ${expected}`,
  });

/** @param check what is wrong: a claim, a member of the header, or a parameter */
export const wrongAssertion = (
  check: string,
  values: { presented: string; expected: string; hint?: string },
): OAuthError => OAuthError.invalidClient('wrong_assertion', { check, ...values });

/** @throws {OAuthError} `invalid_client` */
async function verifySignature(
  client: Client,
  assertion: string,
  now: number,
): Promise<JWTVerifyResult> {
  const keySet: JSONWebKeySet = JSON.parse(client.jwks ?? '{"keys":[]}');
  try {
    return await jwtVerify(assertion, createLocalJWKSet(keySet), {
      algorithms: [...ASSERTION_ALGORITHMS],
      issuer: client.id,
      subject: client.id,
      currentDate: new Date(now),
      clockTolerance: CLOCK_SKEW_SECONDS,
    });
  } catch (error) {
    if (!(error instanceof errors.JOSEError)) throw error;
    throw toClaimError(error, client.id, now) ?? toSignatureError(error, assertion, keySet);
  }
}

/** jose checks the claims after the signature, so an error about a claim may reach the client. */
function toClaimError(error: errors.JOSEError, id: string, now: number): OAuthError | undefined {
  if (!(error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)) {
    return undefined;
  }
  const { claim, payload } = error;
  const isIdentity = claim === 'iss' || claim === 'sub';
  return wrongClaimError(
    claim,
    payload[claim],
    isIdentity ? id : `valid now (${Math.floor(now / 1000)})`,
  );
}

/** The answer names nothing, because the sender is unknown. The event names the header and the registered keys, which are public. */
function toSignatureError(
  { code, message }: errors.JOSEError,
  assertion: string,
  { keys }: JSONWebKeySet,
): OAuthError {
  const { alg, kid } = readHeader(assertion);
  return wrongAssertion(SIGNATURE_CHECKS[code] ?? `format: ${message}`, {
    presented: `kid ${toText(kid)}, alg ${toText(alg)}`,
    expected: keys.map((key) => `kid "${key.kid}", alg "${key.alg}"`).join(' or '),
  });
}

const SIGNATURE_CHECKS: Readonly<Record<string, string>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature',
  ERR_JWKS_NO_MATCHING_KEY: 'kid and alg of a registered key',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'kid: several registered keys fit',
  ERR_JOSE_ALG_NOT_ALLOWED: 'alg',
};

function readHeader(assertion: string): { readonly alg?: unknown; readonly kid?: unknown } {
  try {
    return decodeProtectedHeader(assertion);
  } catch {
    return {};
  }
}

/**
 * @returns the unverified `sub` of an assertion
 * @throws {OAuthError} `invalid_client` if the text is not a JWT or has no `sub`
 */
export function readUnverifiedClientId(assertion: string): string {
  const { sub } = decodeClaims(assertion);
  if (typeof sub === 'string') return sub;
  throw wrongClaimError('sub', sub, 'the client_id');
}

function decodeClaims(assertion: string): { readonly sub?: unknown } {
  try {
    return decodeJwt(assertion);
  } catch {
    throw wrongAssertion('format', {
      presented: `${assertion.length} characters`,
      expected: 'a JWT in compact serialization',
      hint: 'client_assertion is not a JWT',
    });
  }
}
