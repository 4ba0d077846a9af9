import { z } from 'zod';
import { OAuthError } from '../../platform/oauth-error.js';
import { ACR } from '../../tokens/id-token.service.js';
import { type ClaimsRequest, limitClaims } from '../../tokens/standard-claims.js';

const individualClaim = z
  .looseObject({
    essential: z.boolean().optional(),
    value: z.unknown().optional(),
    values: z.array(z.unknown()).optional(),
  })
  .nullish();

/** The values of other claims are hints, so their form does not matter. */
const claimsMember = z
  .looseObject({ sub: individualClaim, acr: individualClaim })
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
  /** The only subject for which the response is allowed (§5.5.1). */
  readonly subject: string | undefined;
}

/**
 * @param allowedScopes the scopes of the client; claims of other scopes are ignored
 * @throws {OAuthError} `invalid_request`, or `unmet_authentication_requirements` for an essential `acr` that this server does not
 * support
 */
export function parseClaimsParameter(
  text: string | undefined,
  allowedScopes: readonly string[],
): ClaimsParameter {
  const { success, data } = claimsParameter.safeParse(text === undefined ? {} : parseJson(text));
  if (!success) throw OAuthError.invalidRequest('claims is malformed.', { presented: text });
  checkAcr(data.id_token);
  return {
    userinfo: limitClaims(data.userinfo, allowedScopes),
    id_token: limitClaims(data.id_token, allowedScopes),
    subject: readSubject(data.id_token),
  };
}

const readSubject = ({ sub }: ClaimsMember): string | undefined =>
  typeof sub?.value === 'string' ? sub.value : undefined;

/** §5.5.1.1: an essential `acr` that the server does not support is a failed authentication. */
function checkAcr({ acr }: ClaimsMember): void {
  if (!acr?.essential) return;
  const wanted = [...(acr.values ?? []), ...(acr.value === undefined ? [] : [acr.value])];
  if (wanted.length === 0 || wanted.includes(ACR)) return;
  const presented = wanted.map(toText).join(' ');
  const description = `claims requires another acr than ${ACR}: ${presented}.`;
  throw OAuthError.authorizationError('unmet_authentication_requirements', {
    description,
    presented,
    expected: ACR,
  });
}

/** `String` throws for an object with a member `toString`. */
const toText = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
