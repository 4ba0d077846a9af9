import { randomUUID } from 'node:crypto';
import type { Algorithm } from '../../../src/core/algorithms.js';
import { compactJws, generateSigningKey, type SigningKey } from '../../signing-key.js';
import type { TokenChanges } from '../../test-issuer.js';
import { KeySetServer } from './key-set-server.js';
import { generateKeys, type PublishedKeys } from './published-keys.js';

export interface CorpusIssuerOptions {
  /** The audience of the tokens, which is the identifier of the tested resource. */
  readonly audience: string;
  /** Default `ES256`. */
  readonly algorithm?: Algorithm;
  /** A port of the loopback interface. Default: a free one. */
  readonly port?: number;
}

/** An issuer that no service trusts. Its server gets a request only if a service follows an address in a token. */
interface Attacker {
  readonly key: SigningKey;
  readonly server: KeySetServer;
}

/**
 * The authorization server of the corpus. Unlike a TestIssuer it listens on a given port, so that a service in another
 * process can trust it. Beside its valid keys it publishes keys that must not verify any access token.
 */
export class CorpusIssuer {
  private constructor(
    readonly audience: string,
    readonly keys: PublishedKeys,
    readonly attacker: Attacker,
    private readonly server: KeySetServer,
  ) {}

  static async start(options: CorpusIssuerOptions): Promise<CorpusIssuer> {
    const { audience, algorithm = 'ES256', port = 0 } = options;
    const keys = generateKeys(algorithm);
    const server = await KeySetServer.listen(keys.jwks, port);
    const key = generateSigningKey(algorithm, 'attacker');
    const attacker = { key, server: await KeySetServer.listen([key.publicJwk], 0) };
    return new CorpusIssuer(audience, keys, attacker, server);
  }

  get issuer(): string {
    return this.server.origin;
  }

  get jwksUri(): string {
    return this.server.jwksUri;
  }

  get keySet(): { readonly keys: readonly object[] } {
    return this.server.keySet;
  }

  get algorithm(): Algorithm {
    return this.signingKey.algorithm;
  }

  get signingKey(): SigningKey {
    return this.keys.good;
  }

  /** The options of `GuardsModule.forRoot()` that accept tokens of this issuer. */
  get options(): { issuer: string; audience: string; algorithms: readonly Algorithm[] } {
    return { issuer: this.issuer, audience: this.audience, algorithms: [this.algorithm] };
  }

  /** Makes a token that is valid for five minutes. `claims` override the default claims; `undefined` removes one. */
  accessToken(claims: Readonly<Record<string, unknown>> = {}, changes: TokenChanges = {}): string {
    const header = { ...this.header(), ...changes.header };
    return compactJws(header, { ...this.claims(), ...claims }, changes.signedBy ?? this.signingKey);
  }

  header(): { typ: string; alg: Algorithm; kid: string } {
    return { typ: 'at+jwt', alg: this.algorithm, kid: this.signingKey.kid };
  }

  claims(): Record<string, unknown> {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.issuer,
      sub: 'alice',
      aud: this.audience,
      client_id: 'corpus-client',
      jti: randomUUID(),
      iat: now,
      exp: now + 300,
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.server.close(), this.attacker.server.close()]);
  }
}
