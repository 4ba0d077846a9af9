import { z } from 'zod';
import { OAuthError } from '../../platform/oauth-error.js';
import { ACR } from '../../tokens/id-token-claims.js';
import {
  findScopesOfClaims,
  type RequestedClaims,
  STANDARD_CLAIMS,
} from '../../tokens/standard-claims.js';

/** The `claims` parameter (OpenID Connect Core §5.5): what is asked for one by one, and where it is to be told. */
export interface ClaimsRequest {
  readonly userinfo: RequestedClaims;
  readonly id_token: RequestedClaims;
}

const requestedClaims = z.record(z.string(), z.unknown()).default({});
export const claimsRequest = z.object({ userinfo: requestedClaims, id_token: requestedClaims });

export const NO_CLAIMS: ClaimsRequest = { userinfo: {}, id_token: {} };

/** @param stored what a family or a code keeps: JSON that this server wrote */
export const parseStoredClaims = (stored: string | null): ClaimsRequest =>
  stored === null ? NO_CLAIMS : claimsRequest.parse(JSON.parse(stored));

const individualClaim = z
  .looseObject({
    essential: z.boolean().optional(),
    value: z.unknown().optional(),
    values: z.array(z.unknown()).optional(),
  })
  .nullable();

const claimsMember = z
  .record(z.string(), individualClaim)
  .nullish()
  .transform((claims) => claims ?? {});

/** OpenID Connect Core §5.5: "Other members MAY be present. Any members used that are not understood MUST be ignored." */
const claimsParameter = z.object({
  userinfo: claimsMember,
  id_token: claimsMember.refine(
    ({ sub }) => sub?.value === undefined || typeof sub.value === 'string',
  ),
});

type ClaimsMember = z.infer<typeof claimsMember>;

export interface ClaimsParameter extends ClaimsRequest {
  /** The only subject that the answer may be about (§5.5.1). */
  readonly subject: string | undefined;
}

/**
 * @param most the scopes that the client may have: claims of others are left out
 * @throws {OAuthError} `invalid_request`; `unmet_authentication_requirements` where it insists on an `acr` that nobody can have
 */
export function parseClaimsParameter(
  text: string | undefined,
  most: readonly string[],
): ClaimsParameter {
  const { success, data } = claimsParameter.safeParse(text === undefined ? {} : parseJson(text));
  if (!success) throw OAuthError.invalidRequest('claims is malformed.');
  checkAcr(data.id_token);
  return {
    userinfo: selectAllowedClaims(data.userinfo, most),
    id_token: selectAllowedClaims(data.id_token, most),
    subject: readSubject(data.id_token),
  };
}

/** The values are hints (§5.5.1), and there is one of each claim anyway: the names are all that is kept. */
const selectAllowedClaims = (requested: ClaimsMember, most: readonly string[]): RequestedClaims =>
  Object.fromEntries(
    STANDARD_CLAIMS.filter((name) => Object.hasOwn(requested, name))
      .filter((name) => findScopesOfClaims({ [name]: null }).every((scope) => most.includes(scope)))
      .map((name) => [name, null]),
  );

const readSubject = ({ sub }: ClaimsMember): string | undefined =>
  typeof sub?.value === 'string' ? sub.value : undefined;

/** §5.5.1.1: an essential `acr` that cannot be had is a failed authentication. */
function checkAcr({ acr }: ClaimsMember): void {
  if (!acr?.essential) return;
  const wanted = [...(acr.values ?? []), ...(acr.value === undefined ? [] : [acr.value])];
  if (wanted.length > 0 && !wanted.includes(ACR))
    throw OAuthError.authorizationError('unmet_authentication_requirements');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
