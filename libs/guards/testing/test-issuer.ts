import { randomUUID } from 'node:crypto';
import type { Algorithm } from '../src/core/algorithms.js';
import { compactJws, generateSigningKey, type SigningKey } from './signing-key.js';
import { type Answer, IssuerServer } from './issuer-server.js';
import { TestStatusList } from './test-status-list.js';

export interface TestIssuerOptions {
  /** Audience of its tokens. Default `https://api.example`. */
  readonly audience?: string;
  /** Default `ES256`: key pairs of the others take longer to make. */
  readonly algorithm?: Algorithm;
  /** The time in epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number;
  /** Whether its tokens can be revoked: each has a place in {@link TestIssuer.statusList}. Default false. */
  readonly hasStatusList?: boolean;
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
  /** Which tokens have ended. It is published, and tokens refer to it, with `hasStatusList`. */
  readonly statusList: TestStatusList;
  readonly audience: string;
  private readonly algorithm: Algorithm;
  private readonly now: () => number;
  private readonly hasStatusList: boolean;
  private keys: SigningKey[];

  private constructor(
    options: TestIssuerOptions,
    private readonly server: IssuerServer,
  ) {
    this.audience = options.audience ?? 'https://api.example';
    this.algorithm = options.algorithm ?? 'ES256';
    this.now = options.now ?? Date.now;
    this.hasStatusList = options.hasStatusList ?? false;
    this.keys = [generateSigningKey(this.algorithm)];
    server.publish(() => this.keys.map((key) => key.publicJwk));
    this.statusList = new TestStatusList(server.statusListUri, (list) => this.listToken(list));
    if (this.hasStatusList) server.publishStatusList(this.statusList.handle);
  }

  static async start(options: TestIssuerOptions = {}): Promise<TestIssuer> {
    return new TestIssuer(options, await IssuerServer.listen());
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
      ...(this.hasStatusList && { status: this.statusList.allot() }),
    };
  }

  /** Ends a token of this issuer: its place in the list says so from now on. */
  revoke(token: string): void {
    const [, payload = ''] = token.split('.');
    const claims: { status?: { status_list: { idx: number } } } = JSON.parse(
      Buffer.from(payload, 'base64url').toString(),
    );
    if (!claims.status) throw new Error('The token has no place in a status list');
    this.statusList.revoke(claims.status.status_list.idx);
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

  private listToken(claims: object): string {
    const iat = Math.floor(this.now() / 1000);
    const payload = { iss: this.issuer, iat, exp: iat + 600, ...claims };
    return compactJws({ ...this.header(), typ: 'statuslist+jwt' }, payload, this.signingKey);
  }

  close(): Promise<void> {
    return this.server.close();
  }
}
