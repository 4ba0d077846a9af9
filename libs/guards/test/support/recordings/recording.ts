import type { IssuerOptions, RejectionReason } from '../../../src/index.js';

type Members = Readonly<Record<string, unknown>>;

/** A token without its signature. `kid` is that of whichever key signs it in the test. */
export interface RecordedToken {
  readonly header: Members;
  readonly claims: Members;
}

/** Tokens in the shape in which a product issues them, with identifiers that are nobody's. */
export interface Recording {
  readonly product: string;
  readonly preset: IssuerOptions;
  readonly accessToken: RecordedToken;
  /** What the access token is read as. */
  readonly expected: {
    readonly subject: string;
    readonly clientId: string;
    readonly audience: string;
    readonly scopes: readonly string[];
    readonly tokenId?: string;
  };
  /** As the product publishes its key: some leave `alg` out, some publish keys for other uses beside it. */
  readonly publishes?: (jwk: Members) => readonly Members[];
  readonly alsoAccepted?: readonly Variant[];
  readonly refused: readonly (Variant & { readonly reason: RejectionReason })[];
}

/** Another token of the same key. */
export interface Variant {
  readonly name: string;
  readonly token: RecordedToken;
}

/** When all of them were issued, and how late it is in the tests. */
export const ISSUED_AT = 1_793_520_000;
export const NOW = (ISSUED_AT + 60) * 1000;

export const oneHour = { iat: ISSUED_AT, exp: ISSUED_AT + 3600 };

/** Members that are `undefined` are left out. */
export function withChanges(
  token: RecordedToken,
  claims: Members,
  header: Members = {},
): RecordedToken {
  return { header: { ...token.header, ...header }, claims: { ...token.claims, ...claims } };
}
