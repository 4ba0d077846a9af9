import type { Algorithm } from '../src/core/algorithms.js';
import type { ClaimPath } from '../src/core/claims.js';
import type { ClaimMapping, IssuerOptions } from '../src/index.js';

type Members = Readonly<Record<string, unknown>>;

export interface TokenDefaults {
  /** Claims of every token. `undefined` removes a default claim. */
  readonly claims?: Members | undefined;
  /** Members of the header of every token. `undefined` removes a default member. */
  readonly header?: Members | undefined;
}

type ClaimPaths = readonly ClaimPath[] | undefined;

/** Where a preset reads the claims of RFC 9068. */
const MAPPINGS: Readonly<Record<string, (claims: ClaimMapping) => ClaimPaths>> = {
  aud: ({ audience }) => (audience === undefined ? undefined : [audience]),
  client_id: ({ clientId }) => clientId,
  jti: ({ tokenId }) => tokenId,
  roles: ({ roles }) => roles,
  scope: ({ scopes }) => scopes,
};

/** The form of an issuer's tokens: that of RFC 9068, or that of a preset. */
export class TokenShape {
  constructor(
    private readonly defaults: TokenDefaults,
    private readonly preset: Partial<IssuerOptions> = {},
  ) {}

  header(alg: Algorithm, kid: string) {
    const [typ] = this.preset.tokenTypes ?? ['at+jwt'];
    return { ...(typ && { typ }), alg, kid, ...this.defaults.header };
  }

  /** @param standard the claims by the names of RFC 9068 */
  claims(standard: Members): Record<string, unknown> {
    const claims: Record<string, unknown> = {};
    for (const [name, values] of Object.entries(this.preset.requiredClaims ?? {})) {
      claims[name] = [values].flat()[0];
    }
    for (const [name, value] of Object.entries(standard)) {
      if (!this.omits(name)) this.write(claims, name, value);
    }
    return this.override(claims, this.defaults.claims);
  }

  /** Overrides claims by the names of RFC 9068: `scope` becomes the claim in which the preset reads scopes. */
  override(claims: Members, changes: Members = {}): Record<string, unknown> {
    const changed = { ...claims };
    for (const [name, value] of Object.entries(changes)) this.write(changed, name, value);
    return changed;
  }

  private write(claims: Record<string, unknown>, name: string, value: unknown): void {
    setClaim(claims, this.paths(name)?.[0] ?? name, value);
  }

  /** With an empty list of paths, the tokens of the issuer lack the claim, or may lack it. */
  private omits(name: string): boolean {
    return this.paths(name)?.length === 0;
  }

  private paths(name: string): ClaimPaths {
    const { claims = {} } = this.preset;
    return Object.hasOwn(MAPPINGS, name) ? MAPPINGS[name]?.(claims) : undefined;
  }
}

/** Sets the claim at a path. Creates the objects around it, and changes no object that exists. */
export function setClaim(claims: Record<string, unknown>, path: ClaimPath, value: unknown): void {
  const [name = '', ...rest] = [path].flat();
  if (rest.length === 0) {
    claims[name] = value;
    return;
  }
  const inner = { ...Object(claims[name]) };
  setClaim(inner, rest, value);
  claims[name] = inner;
}
