import { z } from 'zod';

const text = z.string().max(500);
const url = z.url({ protocol: /^https?$/ }).max(2000);

/** The standard claims (OpenID Connect Core §5.1) that an account stores: all except `sub`, `email` and `updated_at`. */
export const storedClaims = z.strictObject({
  name: text.optional(),
  family_name: text.optional(),
  given_name: text.optional(),
  middle_name: text.optional(),
  nickname: text.optional(),
  preferred_username: text.optional(),
  profile: url.optional(),
  picture: url.optional(),
  website: url.optional(),
  gender: text.optional(),
  birthdate: z
    .string()
    .regex(/^\d{4}(-\d{2}-\d{2})?$/)
    .optional(),
  zoneinfo: text.optional(),
  locale: text.optional(),
  email_verified: z.boolean().optional(),
  phone_number: text.optional(),
  phone_number_verified: z.boolean().optional(),
  /** OpenID Connect Core §5.1.1. */
  address: z
    .strictObject({
      formatted: text.optional(),
      street_address: text.optional(),
      locality: text.optional(),
      region: text.optional(),
      postal_code: text.optional(),
      country: text.optional(),
    })
    .optional(),
});
export type StoredClaims = z.infer<typeof storedClaims>;

/**
 * The claims with the roles of the account, and the scopes of the same names (RFC 9068 §2.2.3.1). Both have the same values,
 * because applications read one name or the other.
 */
export const ROLE_CLAIMS = ['roles', 'groups'] as const;
type RoleClaim = (typeof ROLE_CLAIMS)[number];
export type RoleClaims = Readonly<Partial<Record<RoleClaim, readonly string[] | undefined>>>;

/** The claims about roles among these names of scopes or claims. */
export const filterRoleClaims = (names: readonly string[]): readonly RoleClaim[] =>
  ROLE_CLAIMS.filter((name) => names.includes(name));

/** The claims that each scope requests (OpenID Connect Core §5.4). */
const CLAIMS_BY_SCOPE: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'profile',
    [
      'name',
      'family_name',
      'given_name',
      'middle_name',
      'nickname',
      'preferred_username',
      'profile',
      'picture',
      'website',
      'gender',
      'birthdate',
      'zoneinfo',
      'locale',
      'updated_at',
    ],
  ],
  ['email', ['email', 'email_verified']],
  ['address', ['address']],
  ['phone', ['phone_number', 'phone_number_verified']],
  ['roles', ['roles']],
  ['groups', ['groups']],
]);

/** All claims about users except `sub`. */
export const USER_CLAIMS: readonly string[] = [...CLAIMS_BY_SCOPE.values()].flat();

const requestedClaims = z.record(z.string(), z.unknown()).default({});
/** One member of the `claims` parameter (OpenID Connect Core §5.5): the requested claims by name. */
export type RequestedClaims = Readonly<z.infer<typeof requestedClaims>>;

const claimsRequest = z.object({ userinfo: requestedClaims, id_token: requestedClaims });
/** The `claims` parameter: the requested claims, by the place of delivery. */
export type ClaimsRequest = Readonly<z.infer<typeof claimsRequest>>;

export const NO_CLAIMS: ClaimsRequest = { userinfo: {}, id_token: {} };

/** @param stored JSON that this server wrote to the row of a code or of a family */
export const parseStoredClaims = (stored: string | null): ClaimsRequest =>
  stored === null ? NO_CLAIMS : claimsRequest.parse(JSON.parse(stored));

/** The columns of an account that hold claims, and its roles. */
export interface ClaimsSource {
  readonly email: string;
  /** JSON of {@link StoredClaims}, with `updated_at`. */
  readonly claims: string;
  /** Unnecessary if the scope and `requested` name no claim of {@link filterRoleClaims}. */
  readonly roleClaims?: RoleClaims;
}

/**
 * Selects the user's claims that the scope or `requested` names. A claim without a value is omitted, even if the client
 * requested it as essential (OpenID Connect Core §5.3.2).
 *
 * A requested claim needs the same permission as its scope. A caller that takes `requested` from a client must check that the
 * client may request the scopes of {@link findScopesOfClaims}, and that the user consented to them.
 */
export function selectUserClaims(
  account: ClaimsSource,
  scope: readonly string[],
  requested: RequestedClaims = {},
): Readonly<Record<string, unknown>> {
  const wanted = new Set([
    ...scope.flatMap((word) => CLAIMS_BY_SCOPE.get(word) ?? []),
    ...Object.keys(requested),
  ]);
  const { email, claims, roleClaims } = account;
  const known = { email_verified: false, ...JSON.parse(claims), email, ...roleClaims };
  return Object.fromEntries(Object.entries(known).filter(([name]) => wanted.has(name)));
}

/** The scopes that contain the requested claims. */
export function findScopesOfClaims(requested: RequestedClaims): readonly string[] {
  const scopes = [...CLAIMS_BY_SCOPE].filter(([, names]) =>
    names.some((name) => Object.hasOwn(requested, name)),
  );
  return scopes.map(([scope]) => scope);
}

/**
 * The requested claims of scopes that the client may have. Keeps the names only, because requested values are hints (§5.5.1) and
 * this server has one value per claim.
 */
export const limitClaims = (
  requested: RequestedClaims,
  allowedScopes: readonly string[],
): RequestedClaims =>
  Object.fromEntries(
    USER_CLAIMS.filter((name) => Object.hasOwn(requested, name))
      .filter((name) =>
        findScopesOfClaims({ [name]: null }).every((scope) => allowedScopes.includes(scope)),
      )
      .map((name) => [name, null]),
  );
