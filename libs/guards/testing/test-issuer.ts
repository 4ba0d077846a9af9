import { randomUUID } from 'node:crypto';
import type { Algorithm } from '../src/algorithms.js';
import { compactJws } from './compact-jws.js';
import { type Answer, IssuerServer } from './issuer-server.js';
import { generateSigningKey, type SigningKey } from './signing-key.js';

export interface TestIssuerOptions {
  /** Audience of its tokens. Default `https://api.example`. */
  readonly audience?: string;
  /** Default `ES256`: key pairs of the others take longer to make. */
  readonly algorithm?: Algorithm;
  /** The time in epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number;
}

/** How a token differs from a good one, besides its claims. */
export interface TokenChanges {
  /** Merged over the header; a member that is `undefined` is left out. */
  readonly header?: Readonly<Record<string, unknown>>;
  /** Signed with this key, under the `kid` and `alg` of the issuer's own. */
  readonly signedBy?: SigningKey;
}

/**
 * An authorization server for tests, in this process and on a loopback port: real keys, a real key set, real
 * metadata. It mints tokens that are good unless told otherwise, and fails in the ways that issuers fail.
 */
export class TestIssuer {
  private keys: SigningKey[];

  private constructor(
    readonly audience: string,
    private readonly algorithm: Algorithm,
    private readonly now: () => number,
    private readonly server: IssuerServer,
  ) {
    this.keys = [generateSigningKey(algorithm)];
    server.publish(() => this.keys.map((key) => key.publicJwk));
  }

  static async start(options: TestIssuerOptions = {}): Promise<TestIssuer> {
    const { audience = 'https://api.example', algorithm = 'ES256', now = Date.now } = options;
    return new TestIssuer(audience, algorithm, now, await IssuerServer.listen());
  }

  get issuer(): string {
    return this.server.origin;
  }

  get jwksUri(): string {
    return this.server.jwksUri;
  }

  /** What `GuardsModule.forRoot()` has to be told to accept its tokens. */
  get options(): { issuer: string; audience: string; algorithms: readonly Algorithm[] } {
    return { issuer: this.issuer, audience: this.audience, algorithms: [this.algorithm] };
  }

  /** How often the key set has been asked for. */
  get fetches(): number {
    return this.server.fetches;
  }

  /** The key that signs, which is the newest. */
  get signingKey(): SigningKey {
    const newest = this.keys.at(-1);
    if (!newest) throw new Error('Every key of this issuer has been removed');
    return newest;
  }

  /** A token of RFC 9068 that is good for five minutes; claims are merged over, and `undefined` leaves one out. */
  accessToken(claims: Readonly<Record<string, unknown>> = {}, changes: TokenChanges = {}): string {
    const header = { ...this.header(), ...changes.header };
    return compactJws(header, { ...this.claims(), ...claims }, changes.signedBy ?? this.signingKey);
  }

  header(): { typ: string; alg: Algorithm; kid: string } {
    const { kid, algorithm } = this.signingKey;
    return { typ: 'at+jwt', alg: algorithm, kid };
  }

  claims(): Record<string, unknown> {
    const now = Math.floor(this.now() / 1000);
    return {
      iss: this.issuer,
      sub: 'alice',
      aud: this.audience,
      client_id: 'test-client',
      jti: randomUUID(),
      iat: now,
      exp: now + 300,
    };
  }

  /** A new key signs from now on; the others stay published. */
  rotate(key: SigningKey = generateSigningKey(this.algorithm)): SigningKey {
    this.keys = [...this.keys, key];
    return key;
  }

  /** The key is published no longer. */
  removeKey(kid: string): void {
    this.keys = this.keys.filter((key) => key.kid !== kid);
  }

  /** Answers for the key set begin and never end. */
  stall(): void {
    this.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"keys":[');
    });
  }

  /** The key set is answered with this status. */
  fail(status = 500): void {
    this.answer((_request, response) => response.writeHead(status).end());
  }

  /** Whatever else the address of the key set shall do. */
  answer(answer: Answer): void {
    this.server.answer = answer;
  }

  /** All is well again. */
  up(): void {
    this.server.answer = undefined;
  }

  close(): Promise<void> {
    return this.server.close();
  }
}
