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
]);

/** All standard claims except `sub`. */
export const STANDARD_CLAIMS: readonly string[] = [...CLAIMS_BY_SCOPE.values()].flat();

/** One member of the `claims` parameter (OpenID Connect Core §5.5): the requested claims by name. */
export type RequestedClaims = Readonly<Record<string, unknown>>;

/** The columns of an account that hold claims. */
export interface ClaimsSource {
  readonly email: string;
  /** JSON of {@link StoredClaims}, with `updated_at`. */
  readonly claims: string;
}

/**
 * Selects the user's claims that the scope or `requested` names. A claim without a value is omitted, even if the client
 * requested it as essential (OpenID Connect Core §5.3.2).
 *
 * A requested claim needs the same permission as its scope. A caller that takes `requested` from a client must check that the
 * client may request the scopes of {@link findScopesOfClaims}, and that the user consented to them.
 */
export function selectStandardClaims(
  account: ClaimsSource,
  scope: readonly string[],
  requested: RequestedClaims = {},
): Readonly<Record<string, unknown>> {
  const wanted = new Set([
    ...scope.flatMap((word) => CLAIMS_BY_SCOPE.get(word) ?? []),
    ...Object.keys(requested),
  ]);
  const known = { email_verified: false, ...JSON.parse(account.claims), email: account.email };
  return Object.fromEntries(Object.entries(known).filter(([name]) => wanted.has(name)));
}

/** The scopes that contain the requested claims. */
export function findScopesOfClaims(requested: RequestedClaims): readonly string[] {
  const scopes = [...CLAIMS_BY_SCOPE].filter(([, names]) =>
    names.some((name) => Object.hasOwn(requested, name)),
  );
  return scopes.map(([scope]) => scope);
}
