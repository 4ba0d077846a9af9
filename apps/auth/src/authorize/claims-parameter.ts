import { z } from 'zod';
import { type RequestedClaims, scopesOf, STANDARD_CLAIMS } from '../accounts/standard-claims.js';
import { ACR } from '../id-tokens/acr.js';
import type { ClaimsRequest } from '../id-tokens/claims-request.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';

const one = z
  .looseObject({
    essential: z.boolean().optional(),
    value: z.unknown().optional(),
    values: z.array(z.unknown()).optional(),
  })
  .nullable();

const claimsOf = z
  .record(z.string(), one)
  .nullish()
  .transform((claims) => claims ?? {});

/** OpenID Connect Core §5.5: "Other members MAY be present. Any members used that are not understood MUST be ignored." */
const claimsParameter = z.object({
  userinfo: claimsOf,
  id_token: claimsOf.refine(({ sub }) => sub?.value === undefined || typeof sub.value === 'string'),
});

type Requested = z.infer<typeof claimsOf>;

export interface ClaimsParameter extends ClaimsRequest {
  /** The only subject that the answer may be about (§5.5.1). */
  readonly subject: string | undefined;
}

/**
 * @param most the scopes that the client may have: claims of others are left out
 * @throws {OAuthError} `invalid_request`; `unmet_authentication_requirements` where it insists on an `acr` that nobody can have
 */
export function claimsParameterOf(
  text: string | undefined,
  most: readonly string[],
): ClaimsParameter {
  const { success, data } = claimsParameter.safeParse(text === undefined ? {} : jsonOf(text));
  if (!success) throw OAuthError.invalidRequest('claims is malformed.');
  refuseUnmetAcr(data.id_token);
  return {
    userinfo: allowed(data.userinfo, most),
    id_token: allowed(data.id_token, most),
    subject: subjectIn(data.id_token),
  };
}

/** The values are hints (§5.5.1), and there is one of each claim anyway: the names are all that is kept. */
const allowed = (requested: Requested, most: readonly string[]): RequestedClaims =>
  Object.fromEntries(
    STANDARD_CLAIMS.filter((name) => Object.hasOwn(requested, name))
      .filter((name) => scopesOf({ [name]: null }).every((scope) => most.includes(scope)))
      .map((name) => [name, null]),
  );

const subjectIn = ({ sub }: Requested): string | undefined =>
  typeof sub?.value === 'string' ? sub.value : undefined;

/** §5.5.1.1: an essential `acr` that cannot be had is a failed authentication. */
function refuseUnmetAcr({ acr }: Requested): void {
  if (!acr?.essential) return;
  const wanted = [...(acr.values ?? []), ...(acr.value === undefined ? [] : [acr.value])];
  if (wanted.length > 0 && !wanted.includes(ACR))
    throw OAuthError.authorization('unmet_authentication_requirements');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
