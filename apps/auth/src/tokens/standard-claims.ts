import { z } from 'zod';
import type { Account } from '../accounts/account.entity.js';

const text = z.string().max(500);
const url = z.url({ protocol: /^https?$/ }).max(2000);

/** Standard claims (OpenID Connect Core §5.1) as they are stored with an account; `sub`, `email` and `updated_at` are not among them. */
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
  /** §5.1.1. */
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

/** Which claims a scope stands for (OpenID Connect Core §5.4). */
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

/** All that there are, apart from `sub`. */
export const STANDARD_CLAIMS: readonly string[] = [...CLAIMS_BY_SCOPE.values()].flat();

/** One place of the `claims` parameter (OpenID Connect Core §5.5): what is asked for, by name. */
export type RequestedClaims = Readonly<Record<string, unknown>>;

/**
 * What is said of a person: the claims of the scope, and those asked for one by one. What is not known is left out (§5.3.2),
 * whether it was called essential or not.
 *
 * A claim asked for by name is worth as much as its scope. Whoever takes `requested` from a client sees to it that the client
 * may have {@link findScopesOfClaims} them, and that the person was asked.
 */
export function selectStandardClaims(
  account: Pick<Account, 'email' | 'claims'>,
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

/** The scopes that claims asked for by name are part of. */
export function findScopesOfClaims(requested: RequestedClaims): readonly string[] {
  const scopes = [...CLAIMS_BY_SCOPE].filter(([, names]) =>
    names.some((name) => Object.hasOwn(requested, name)),
  );
  return scopes.map(([scope]) => scope);
}
