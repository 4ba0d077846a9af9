import type { AccessToken } from '../core/access-token.js';
import { AccessTokenVerifier as Core } from '../core/access-token-verifier.js';
import { checkTokenSyntax, parseCompactJws } from '../core/jws.js';
import { TokenError } from '../core/token-error.js';
import type { IssuerRegistry } from '../core/trusted-issuer.js';
import type { ResolvedVerifierOptions } from '../core/verifier.options.js';

/** Until core has a Verifier. */
export class AccessTokenVerifier extends Core {
  constructor(
    options: ResolvedVerifierOptions,
    private readonly registry: IssuerRegistry,
  ) {
    super(options, registry);
  }

  override verify(text: string): AccessToken | Promise<AccessToken> {
    const token = super.verify(text);
    if (!(token instanceof Promise)) return this.checkBinding(token);
    return token.then((verified) => this.checkBinding(verified));
  }

  private checkBinding(token: AccessToken) {
    const { requiresDpop } = this.registry.named(token.issuer)?.rules ?? { requiresDpop: true };
    if (requiresDpop && token.boundTo === undefined) throw new TokenError('unbound_token');
    return token;
  }

  describe(token: string): { readonly issuer?: string; readonly kid?: string } {
    try {
      checkTokenSyntax(token);
      const jws = parseCompactJws(token);
      const issuer = this.registry.named(jws.claims['iss']) ?? this.registry.only;
      if (!issuer) return {};
      try {
        return { issuer: issuer.rules.issuer, kid: issuer.parseHeader(jws.header).kid };
      } catch {
        return { issuer: issuer.rules.issuer };
      }
    } catch {
      const { only } = this.registry;
      return only ? { issuer: only.rules.issuer } : {};
    }
  }
}
