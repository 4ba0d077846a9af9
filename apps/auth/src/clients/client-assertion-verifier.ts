import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { createLocalJWKSet, decodeJwt, errors, type JWTHeaderParameters, jwtVerify } from 'jose';
import { z } from 'zod';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
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
  /** One audience, because other servers would accept an assertion with several. */
  aud: z.string(),
  exp: z.number(),
  iat: z.number().optional(),
  jti: z.string().min(1).max(255),
});

/** Why an assertion does not authenticate the client. */
export type ClientAssertionFault = 'wrong_assertion' | 'repeated_assertion';

/** Verifies `private_key_jwt`: a client authenticates with a JWT that it signs with its own key (RFC 7523 §3, draft-ietf-oauth-rfc7523bis). */
@Injectable()
export class ClientAssertionVerifier {
  constructor(
    private readonly usedValues: ReplayCacheRepository,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** @returns undefined if the client signed the assertion for this server, it is valid now, and it was not used before */
  async findFault(client: Client, assertion: string): Promise<ClientAssertionFault | undefined> {
    const verified = await this.verifyJwt(client, assertion);
    if (!verified) return 'wrong_assertion';

    // "The authorization server MAY ensure that JWTs are not replayed by maintaining the set of used jti values" (§3).
    const { jti, exp } = verified;
    const purpose = `client assertion of ${client.id}`;
    const isNew = await this.usedValues.markUsed(
      purpose,
      jti,
      (Math.ceil(exp) + CLOCK_SKEW_SECONDS) * 1000,
    );
    return isNew ? undefined : 'repeated_assertion';
  }

  private async verifyJwt({ id, jwks }: Client, assertion: string) {
    const now = this.clock.now();
    const found = await catchJoseErrors(
      jwtVerify(assertion, createLocalJWKSet(JSON.parse(jwks ?? '{"keys":[]}')), {
        algorithms: [...ASSERTION_ALGORITHMS],
        issuer: id,
        subject: id,
        currentDate: new Date(now),
        clockTolerance: CLOCK_SKEW_SECONDS,
      }),
    );
    const { success, data } = claimsSchema.safeParse(found?.payload);
    if (!found || !success || !hasAllowedType(found.protectedHeader)) return undefined;
    // Only the issuer is accepted. An endpoint URL could come from another server's metadata (CVE-2025-27370).
    if (data.aud !== this.config.ISSUER) return undefined;
    return hasValidTimes(data, now / 1000) ? data : undefined;
  }
}

/** @returns the unverified `sub` of an assertion; undefined if the text is not a JWT or has no `sub` */
export function readUnverifiedClientId(assertion: string): string | undefined {
  try {
    return z.string().safeParse(decodeJwt(assertion).sub).data;
  } catch {
    return undefined;
  }
}

const hasAllowedType = ({ typ }: JWTHeaderParameters): boolean => ALLOWED_TYPES.includes(typ);

const hasValidTimes = ({ exp, iat = 0 }: z.infer<typeof claimsSchema>, now: number): boolean =>
  exp <= now + MAX_LIFETIME_SECONDS + CLOCK_SKEW_SECONDS && iat <= now + CLOCK_SKEW_SECONDS;

/** @returns undefined if jose rejects the JWT. Other errors are faults of this server and stay errors. */
async function catchJoseErrors<T>(verification: Promise<T>): Promise<T | undefined> {
  try {
    return await verification;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
