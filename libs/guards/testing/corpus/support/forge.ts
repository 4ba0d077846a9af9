import { createHmac } from 'node:crypto';
import { compactJws, encodePart, signature, type SigningKey } from '../../signing-key.js';
import { DpopClient } from '../../dpop-client.js';
import type { TokenChanges } from '../../test-issuer.js';
import type { CorpusIssuer } from './corpus-issuer.js';

type Members = Readonly<Record<string, unknown>>;
type Edit = (json: string) => string;

/** The resource that the tokens are made for. */
export interface ForgeTarget {
  /** The path of the resource, as in the request line. */
  readonly path: string;
  readonly scope?: string | undefined;
  /** The URL that proofs name. */
  readonly dpopUrl?: string | undefined;
}

/** Makes tokens for one resource. A token has one fault and a real signature, unless the signature is the fault. */
export class Forge {
  /** The client whose key the bound tokens name. */
  readonly client = new DpopClient();

  constructor(
    readonly issuer: CorpusIssuer,
    readonly target: ForgeTarget,
  ) {}

  claims(): Record<string, unknown> {
    return { ...this.issuer.claims(), scope: this.target.scope };
  }

  /** Makes a token that is valid except for the given changes. */
  accessToken(claims: Members = {}, changes: TokenChanges = {}): string {
    return this.issuer.accessToken({ scope: this.target.scope, ...claims }, changes);
  }

  boundToken(claims: Members = {}): string {
    return this.accessToken({ cnf: this.client.cnf, ...claims });
  }

  /** Makes a proof for one request with the token, valid except for the given changes. */
  proof(accessToken: string, claims: Members = {}, changes: TokenChanges = {}): string {
    const { dpopUrl: url = '' } = this.target;
    return this.client.proof({ method: 'GET', url, accessToken }, claims, changes);
  }

  /** Edits header and payload as text and signs them. The result may be JSON that JSON.stringify would not write. */
  signedText(header: Edit, payload: Edit): string {
    return compactJws(
      header(JSON.stringify(this.issuer.header())),
      payload(JSON.stringify(this.claims())),
      this.issuer.signingKey,
    );
  }

  /** The three segments of a valid token. */
  segments(): [header: string, payload: string, signature: string] {
    const [header = '', payload = '', mac = ''] = this.accessToken().split('.');
    return [header, payload, mac];
  }

  /** The encoded header and payload, which a signature covers. */
  signingInput(header: Members = {}, claims: Members = {}): string {
    const joseHeader = { ...this.issuer.header(), ...header };
    return `${encodePart(joseHeader)}.${encodePart({ ...this.claims(), ...claims })}`;
  }

  /** Signs with the given key and algorithm. */
  signedWith(key: SigningKey, header: Members, algorithm = key.algorithm): string {
    const input = this.signingInput(header);
    return `${input}.${signature(input, key, algorithm)}`;
  }

  /** Makes a token with an HMAC under a secret that a flawed verifier might use (RFC 7518 §3.2). */
  hmac(secret: string | Buffer, header: Members & { readonly alg?: string } = {}): string {
    const { alg = 'HS256' } = header;
    const input = this.signingInput({ ...header, alg });
    const mac = createHmac(`sha${alg.slice(2)}`, secret)
      .update(input)
      .digest('base64url');
    return `${input}.${mac}`;
  }
}

export const withClaims = (claims: Members) => (forge: Forge) => forge.accessToken(claims);
export const withHeader = (header: Members) => (forge: Forge) => forge.accessToken({}, { header });

/** Changes the segments of a valid token. */
export const withEditedSegments =
  (edit: (segments: [string, string, string]) => readonly string[]) => (forge: Forge) =>
    edit(forge.segments()).join('.');

export const signedText = (header: Edit, payload: Edit) => (forge: Forge) =>
  forge.signedText(header, payload);
export const unchanged: Edit = (json) => json;
export const withFirst = (member: string): Edit => {
  return (json) => json.replace('{', () => `{${member},`);
};

/** The time in seconds, as in claims. */
export const now = () => Math.floor(Date.now() / 1000);

/** Decodes the JSON object in a segment. */
export function decodeSegment(segment: string): object {
  const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString());
  return Object(value);
}
