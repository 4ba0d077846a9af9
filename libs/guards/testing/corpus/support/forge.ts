import { createHmac } from 'node:crypto';
import { compactJws, encodePart, signature, type SigningKey } from '../../signing-key.js';
import { DpopClient } from '../../dpop-client.js';
import type { TokenChanges } from '../../test-issuer.js';
import type { CorpusIssuer } from './corpus-issuer.js';

type Members = Readonly<Record<string, unknown>>;
type Edit = (json: string) => string;

/** What the forged tokens would get access to. */
export interface ForgeTarget {
  /** Of the resource, as it stands in the request line. */
  readonly path: string;
  readonly scope?: string | undefined;
  /** What a proof is made for. */
  readonly dpopUrl?: string | undefined;
}

/** Makes tokens for one resource that are good but for one thing, and really signed unless that is the thing. */
export class Forge {
  /** Whose key bound tokens are bound to. */
  readonly client = new DpopClient();

  constructor(
    readonly issuer: CorpusIssuer,
    readonly target: ForgeTarget,
  ) {}

  claims(): Record<string, unknown> {
    return { ...this.issuer.claims(), scope: this.target.scope };
  }

  /** Good, but for what is given. */
  accessToken(claims: Members = {}, changes: TokenChanges = {}): string {
    return this.issuer.accessToken({ scope: this.target.scope, ...claims }, changes);
  }

  boundToken(claims: Members = {}): string {
    return this.accessToken({ cnf: this.client.cnf, ...claims });
  }

  /** Good for one request with the token. */
  proof(accessToken: string, claims: Members = {}, changes: TokenChanges = {}): string {
    const { dpopUrl: url = '' } = this.target;
    return this.client.proof({ method: 'GET', url, accessToken }, claims, changes);
  }

  /** Header and payload are edited as text, then signed, so that they need not be JSON that JavaScript would write. */
  signedText(header: Edit, payload: Edit): string {
    return compactJws(
      header(JSON.stringify(this.issuer.header())),
      payload(JSON.stringify(this.claims())),
      this.issuer.signingKey,
    );
  }

  /** The three segments of a good token. */
  segments(): [header: string, payload: string, signature: string] {
    const [header = '', payload = '', mac = ''] = this.accessToken().split('.');
    return [header, payload, mac];
  }

  /** Header and payload, as they would be signed. */
  signingInput(header: Members = {}, claims: Members = {}): string {
    const joseHeader = { ...this.issuer.header(), ...header };
    return `${encodePart(joseHeader)}.${encodePart({ ...this.claims(), ...claims })}`;
  }

  /** Signed with the method of another algorithm. */
  signedWith(key: SigningKey, header: Members, algorithm = key.algorithm): string {
    const input = this.signingInput(header);
    return `${input}.${signature(input, key, algorithm)}`;
  }

  /** Authenticated with a secret that the verifier may be talked into (RFC 7518 §3.2). */
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

/** A good token cut in three, changed and put together again. */
export const withEditedSegments =
  (edit: (segments: [string, string, string]) => readonly string[]) => (forge: Forge) =>
    edit(forge.segments()).join('.');

export const signedText = (header: Edit, payload: Edit) => (forge: Forge) =>
  forge.signedText(header, payload);
export const unchanged: Edit = (json) => json;
export const withFirst = (member: string): Edit => {
  return (json) => json.replace('{', () => `{${member},`);
};

/** In seconds, as claims have it. */
export const now = () => Math.floor(Date.now() / 1000);

/** The JSON object in a segment. */
export function decodeSegment(segment: string): object {
  const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString());
  return Object(value);
}
