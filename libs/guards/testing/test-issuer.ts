import { randomUUID } from 'node:crypto';
import type { Algorithm } from '../src/core/algorithms.js';
import type { IssuerOptions } from '../src/index.js';
import { compactJws, generateSigningKey, type SigningKey } from './signing-key.js';
import { type Answer, IssuerServer } from './issuer-server.js';
import { TestStatusList } from './test-status-list.js';
import { type TokenDefaults, TokenShape } from './token-shape.js';

export interface TestIssuerOptions extends TokenDefaults {
  /** The audience of the tokens. Default: that of the preset, or `https://api.example`. */
  readonly audience?: string;
  /** Default: the first of the preset, or `ES256`, because its key pairs are fast to generate. */
  readonly algorithm?: Algorithm;
  /** The time in epoch milliseconds. Default `Date.now`. */
  readonly now?: () => number;
  /** Whether tokens can be revoked. If so, each token has an index in {@link TestIssuer.statusList}. Default false. */
  readonly hasStatusList?: boolean;
}

type Members = Readonly<Record<string, unknown>>;

/** How a token differs from a valid one, apart from its claims. */
export interface TokenChanges {
  /** Overrides members of the header. `undefined` removes a member. */
  readonly header?: Members;
  /** The key that signs. The header keeps the `kid` and `alg` of the issuer's key. */
  readonly signedBy?: SigningKey;
}

/**
 * An authorization server for tests. It runs in this process on a loopback port, with real keys, a real key set and real
 * metadata. Its tokens are valid unless the test changes them. A test can also make the server fail or stall.
 */
export class TestIssuer {
  /** The revoked tokens. With `hasStatusList` the list is published and tokens refer to it. */
  readonly statusList: TestStatusList;
  readonly audience: string;
  private readonly algorithm: Algorithm;
  private readonly shape: TokenShape;
  private readonly now: () => number;
  private readonly hasStatusList: boolean;
  private keys: SigningKey[];

  private constructor(
    options: TestIssuerOptions,
    private readonly server: IssuerServer,
    private readonly preset: Partial<IssuerOptions>,
  ) {
    this.audience = options.audience ?? firstOf(preset.audience) ?? 'https://api.example';
    this.algorithm = options.algorithm ?? preset.algorithms?.[0] ?? 'ES256';
    this.shape = new TokenShape(options, preset);
    this.now = options.now ?? Date.now;
    this.hasStatusList = options.hasStatusList === true;
    this.keys = [generateSigningKey(this.algorithm)];
    server.publish(() => this.keys.map((key) => key.publicJwk));
    this.statusList = new TestStatusList(server.statusListUri, (list) => this.listToken(list));
    if (this.hasStatusList) server.publishStatusList(this.statusList.handle);
  }

  static async start(options: TestIssuerOptions = {}): Promise<TestIssuer> {
    return new TestIssuer(options, await IssuerServer.listen(), {});
  }

  /**
   * Starts an issuer whose tokens have the form that a preset accepts, such as `keycloak({ … })`: type, audience, client,
   * scopes and required claims.
   */
  static async as(preset: IssuerOptions, options: TestIssuerOptions = {}): Promise<TestIssuer> {
    return new TestIssuer(options, await IssuerServer.listen(), preset);
  }

  get issuer(): string {
    return this.server.origin;
  }

  get jwksUri(): string {
    return this.server.jwksUri;
  }

  /** The options of `GuardsModule.forRoot()` that accept tokens of this issuer. Also an entry of `issuers`. */
  get options(): IssuerOptions & { readonly audience: string; readonly jwksUri?: string } {
    const { issuer, audience, preset } = this;
    const { jwksUri, ...rest } = preset;
    const options = { ...rest, issuer, audience, algorithms: [this.algorithm] };
    return jwksUri === undefined ? options : { ...options, jwksUri: this.jwksUri };
  }

  /** The number of requests for the key set. */
  get fetches(): number {
    return this.server.fetches;
  }

  /** The newest key, which signs. */
  get signingKey(): SigningKey {
    const newest = this.keys.at(-1);
    if (!newest) throw new Error('Every key of this issuer has been removed');
    return newest;
  }

  /**
   * Makes a token that is valid for five minutes. `claims` override the default claims, by the names of RFC 9068 for
   * every preset; `undefined` removes one.
   */
  accessToken(claims: Members = {}, changes: TokenChanges = {}): string {
    const header = { ...this.header(), ...changes.header };
    const payload = this.shape.override(this.claims(), claims);
    return compactJws(header, payload, changes.signedBy ?? this.signingKey);
  }

  header() {
    const { kid, algorithm } = this.signingKey;
    return this.shape.header(algorithm, kid);
  }

  claims(): Record<string, unknown> {
    const now = Math.floor(this.now() / 1000);
    return this.shape.claims({
      iss: this.issuer,
      sub: 'alice',
      client_id: 'test-client',
      aud: this.audience,
      jti: randomUUID(),
      iat: now,
      exp: now + 300,
      ...(this.hasStatusList && { status: this.statusList.allot() }),
    });
  }

  /** Revokes a token of this issuer in the status list. */
  revoke(token: string): void {
    const [, payload = ''] = token.split('.');
    const claims: { status?: { status_list: { idx: number } } } = JSON.parse(
      Buffer.from(payload, 'base64url').toString(),
    );
    if (!claims.status) throw new Error('The token has no index in a status list');
    this.statusList.revoke(claims.status.status_list.idx);
  }

  /** Adds a key that signs from now on. The other keys stay published. */
  rotate(key: SigningKey = generateSigningKey(this.algorithm)): SigningKey {
    this.keys = [...this.keys, key];
    return key;
  }

  /** Removes the key from the published key set. */
  removeKey(kid: string): void {
    this.keys = this.keys.filter((key) => key.kid !== kid);
  }

  /** Makes the server start each response for the key set and never finish it. */
  stall(): void {
    this.answer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"keys":[');
    });
  }

  /** Makes the server answer requests for the key set with this status. */
  fail(status = 500): void {
    this.answer((_request, response) => response.writeHead(status).end());
  }

  /** Makes this function answer requests for the key set. */
  answer(answer: Answer): void {
    this.server.answer = answer;
  }

  /** Ends `stall`, `fail` and `answer`: the server publishes the key set again. */
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

function firstOf(names: IssuerOptions['audience']): string | undefined {
  return [names].flat()[0];
}
