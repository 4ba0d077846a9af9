import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import {
  createLocalJWKSet,
  decodeJwt,
  errors,
  type JWTPayload,
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
const MAX_LIFETIME_SECONDS = 300;

/** Explicit typing is recommended (rfc7523bis §4), but most libraries omit `typ`. A JWT of another type is not a client assertion. */
const ALLOWED_TYPES: readonly unknown[] = [undefined, 'JWT', 'client-authentication+jwt'];

const claimsSchema = z.object({
  exp: z.number(),
  iat: z.number().optional(),
  jti: z.string().min(1).max(255),
});

/** Verifies `private_key_jwt`: a client authenticates with a JWT that it signs with its own key (RFC 7523 §3, draft-ietf-oauth-rfc7523bis). */
@Injectable()
export class ClientAssertionVerifier {
  constructor(
    private readonly usedValues: ReplayCacheRepository,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Checks that the client signed the assertion for this server, that it is valid now, and that it was not used before.
   * @throws {OAuthError} `invalid_client`, which names the failed check to the client that signed the assertion
   */
  async verify(client: Client, assertion: string): Promise<void> {
    const now = this.clock.now();
    const { jti, exp } = this.checkClaims(
      await verifySignature(client, assertion, now),
      now / 1000,
    );

    // "The authorization server MAY ensure that JWTs are not replayed by maintaining the set of used jti values" (§3).
    const purpose = `client assertion of ${client.id}`;
    const goodUntil = (Math.ceil(exp) + CLOCK_SKEW_SECONDS) * 1000;
    if (await this.usedValues.markUsed(purpose, jti, goodUntil)) return;
    throw OAuthError.invalidClient('repeated_assertion', { hint: 'jti was used before' });
  }

  /** @param now seconds since the epoch */
  private checkClaims({ payload, protectedHeader }: JWTVerifyResult, now: number) {
    const { typ } = protectedHeader;
    if (!ALLOWED_TYPES.includes(typ)) {
      throw wrongClaimError('typ', typ, 'client-authentication+jwt, JWT or absent');
    }
    // Only the issuer is accepted, as one string, because other servers would accept an assertion with several audiences. An endpoint URL could come from another server's metadata (CVE-2025-27370).
    const { aud } = payload;
    const { ISSUER } = this.config;
    if (aud !== ISSUER) throw wrongClaimError('aud', aud, ISSUER);
    const claims = parseClaims(payload);
    checkTimes(claims, Math.floor(now + CLOCK_SKEW_SECONDS));
    return claims;
  }
}

type AssertionClaims = z.infer<typeof claimsSchema>;

function parseClaims(payload: JWTPayload): AssertionClaims {
  const { data, error } = claimsSchema.safeParse(payload);
  if (data) return data;
  const name = String(error.issues[0]?.path[0]);
  throw wrongClaimError(name, payload[name], CLAIM_RULES[name] ?? 'a valid value');
}

/** @param latest the latest time that counts as now, in seconds since the epoch */
function checkTimes({ exp, iat = 0 }: AssertionClaims, latest: number): void {
  const latestExpiry = latest + MAX_LIFETIME_SECONDS;
  if (exp > latestExpiry) throw wrongClaimError('exp', exp, `${latestExpiry} or earlier`);
  if (iat > latest) throw wrongClaimError('iat', iat, `${latest} or earlier`);
}

const CLAIM_RULES: Readonly<Record<string, string>> = {
  exp: 'a number',
  iat: 'a number',
  jti: '1 to 255 characters',
};

/** For a claim of an assertion that the client signed, so the client may learn the reason. */
function wrongClaimError(name: string, presented: unknown, expected: string): OAuthError {
  return OAuthError.invalidClient('wrong_assertion', {
    check: name,
    presented: presented === undefined ? 'absent' : JSON.stringify(presented),
    expected,
    hint: `${name} of the assertion must be ${expected}`,
  });
}

/** @throws {OAuthError} `invalid_client` */
async function verifySignature(
  { id, jwks }: Client,
  assertion: string,
  now: number,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(assertion, createLocalJWKSet(JSON.parse(jwks ?? '{"keys":[]}')), {
      algorithms: [...ASSERTION_ALGORITHMS],
      issuer: id,
      subject: id,
      currentDate: new Date(now),
      clockTolerance: CLOCK_SKEW_SECONDS,
    });
  } catch (error) {
    throw error instanceof errors.JOSEError ? toOAuthError(error, id, now) : error;
  }
}

/** jose checks the claims after the signature, so an error about a claim may reach the client. */
function toOAuthError(error: errors.JOSEError, id: string, now: number): OAuthError {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
    const { claim, payload } = error;
    const isIdentity = claim === 'iss' || claim === 'sub';
    const expected = isIdentity ? id : `valid now (${Math.floor(now / 1000)})`;
    return wrongClaimError(claim, payload[claim], expected);
  }
  const check = SIGNATURE_CHECKS[error.code] ?? 'format';
  return OAuthError.invalidClient('wrong_assertion', { check });
}

const SIGNATURE_CHECKS: Readonly<Record<string, string>> = {
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'signature',
  ERR_JWKS_NO_MATCHING_KEY: 'kid and alg of a registered key',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'kid: several registered keys fit',
  ERR_JOSE_ALG_NOT_ALLOWED: 'alg',
};

/** @returns the unverified `sub` of an assertion; undefined if the text is not a JWT or has no `sub` */
export function readUnverifiedClientId(assertion: string): string | undefined {
  try {
    return z.string().safeParse(decodeJwt(assertion).sub).data;
  } catch {
    return undefined;
  }
}
