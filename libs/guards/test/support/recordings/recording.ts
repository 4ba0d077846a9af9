import type { IssuerOptions, RejectionReason } from '../../../src/index.js';

type Members = Readonly<Record<string, unknown>>;

/** A token without its signature. The test adds the `kid` of its signing key. */
export interface RecordedToken {
  readonly header: Members;
  readonly claims: Members;
}

/** Tokens in the form in which a product issues them, with invented identifiers. */
export interface Recording {
  readonly product: string;
  readonly preset: IssuerOptions;
  readonly accessToken: RecordedToken;
  /** The verified token that the guards make of the access token. */
  readonly expected: {
    readonly subject: string;
    readonly clientId?: string;
    readonly audience: string;
    readonly scopes: readonly string[];
    readonly tokenId?: string;
  };
  /** The published key set. Some products omit `alg`, some also publish keys for other uses. */
  readonly publishes?: (jwk: Members) => readonly Members[];
  readonly alsoAccepted?: readonly Variant[];
  readonly refused: readonly (Variant & { readonly reason: RejectionReason })[];
}

/** Another token that the same key signs. */
interface Variant {
  readonly name: string;
  readonly token: RecordedToken;
}

/** The time of issue of all recorded tokens, and the time in the tests. */
const ISSUED_AT = 1_793_520_000;
export const NOW = (ISSUED_AT + 60) * 1000;

export const oneHour = { iat: ISSUED_AT, exp: ISSUED_AT + 3600 };

/** Changes header and claims of a token. Members that are `undefined` are removed. */
export function withChanges(
  token: RecordedToken,
  claims: Members,
  header: Members = {},
): RecordedToken {
  return { header: { ...token.header, ...header }, claims: { ...token.claims, ...claims } };
}
