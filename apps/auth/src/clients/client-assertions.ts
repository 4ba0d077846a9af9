import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { createLocalJWKSet, decodeJwt, errors, jwtVerify, type JWTHeaderParameters } from 'jose';
import { z } from 'zod';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { UsedValues } from '../used-values/used-values.js';
import type { Client } from './client.entity.js';
import { ASSERTION_ALGORITHMS } from './client-keys.js';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Of client and server clocks, in seconds. */
const SKEW = 30;
/** How far ahead `exp` may be, in seconds: for so long a `jti` must be remembered. */
const LONGEST_LIFE = 300;

/** Explicit typing is recommended (rfc7523bis §4), and what most libraries leave out. Any other JWT of the client is none. */
const TYPES: readonly unknown[] = [undefined, 'JWT', 'client-authentication+jwt'];

const claims = z.object({
  /** One name: a list would be good at other servers as well. */
  aud: z.string(),
  exp: z.number(),
  iat: z.number().optional(),
  jti: z.string().min(1).max(255),
});

/** Why an assertion is no proof. */
export type Objection = 'wrong_assertion' | 'repeated_assertion';

/** `private_key_jwt`: a client proves who it is by a JWT under its own key (RFC 7523 §3, draft-ietf-oauth-rfc7523bis). */
@Injectable()
export class ClientAssertions {
  constructor(
    private readonly usedValues: UsedValues,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** @returns nothing where the assertion is the client's own, for this server, in its time, and new */
  async objection(client: Client, assertion: string): Promise<Objection | undefined> {
    const verified = await this.verified(client, assertion);
    if (!verified) return 'wrong_assertion';

    // "The authorization server MAY ensure that JWTs are not replayed by maintaining the set of used jti values" (§3).
    const { jti, exp } = verified;
    const purpose = `client assertion of ${client.id}`;
    const isNew = await this.usedValues.use(purpose, jti, (Math.ceil(exp) + SKEW) * 1000);
    return isNew ? undefined : 'repeated_assertion';
  }

  private async verified({ id, jwks }: Client, assertion: string) {
    const now = this.clock.now();
    const found = await unlessRefused(
      jwtVerify(assertion, createLocalJWKSet(JSON.parse(jwks ?? '{"keys":[]}')), {
        algorithms: [...ASSERTION_ALGORITHMS],
        issuer: id,
        subject: id,
        currentDate: new Date(now),
        clockTolerance: SKEW,
      }),
    );
    const { success, data } = claims.safeParse(found?.payload);
    if (!found || !success || !isTyped(found.protectedHeader)) return undefined;
    // The issuer and nothing else: an address could be one that another server gave the client (CVE-2025-27370).
    if (data.aud !== this.config.ISSUER) return undefined;
    return isTimely(data, now / 1000) ? data : undefined;
  }
}

/** @returns whom the assertion says to be of, unverified; nothing where it is no JWT, or does not say */
export function claimedClient(assertion: string): string | undefined {
  try {
    return z.string().safeParse(decodeJwt(assertion).sub).data;
  } catch {
    return undefined;
  }
}

const isTyped = ({ typ }: JWTHeaderParameters): boolean => TYPES.includes(typ);

const isTimely = ({ exp, iat = 0 }: z.infer<typeof claims>, now: number): boolean =>
  exp <= now + LONGEST_LIFE + SKEW && iat <= now + SKEW;

/** What jose refuses is refused; what fails otherwise is our own mistake. */
async function unlessRefused<T>(verification: Promise<T>): Promise<T | undefined> {
  try {
    return await verification;
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
}
