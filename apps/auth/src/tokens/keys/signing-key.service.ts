import { createPrivateKey, type KeyObject, sign, type SignKeyObjectInput } from 'node:crypto';
import { promisify } from 'node:util';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import {
  KeyRotationPlan,
  type PlannedKey,
  MAX_TOKEN_LIFETIME_SECONDS,
} from './key-rotation-plan.js';
import {
  type NewSigningKey,
  SigningKeyRepository,
  type StoredSigningKey,
} from './signing-key.repository.js';
import type { SigningAlgorithm } from './signing-key.entity.js';
import { generatePrivateKey, type PublicJwk, PublishedKeySet, toPublicJwk } from './jwk.js';
import { PrivateKeyCipher } from './private-key-cipher.js';

const signInThreadPool = promisify<string, Buffer, SignKeyObjectInput, Buffer>(sign);
const encodeJson = (value: object): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url');

/** The header with an explicit type (RFC 7515 §4, RFC 8725 §3.11). */
export const encodeJwtHeader = (typ: string, { alg, kid }: PublicJwk): string =>
  encodeJson({ alg, typ, kid });

/**
 * Signs JWTs in JWS compact serialization (RFC 7515 §3.1) with one key. Our own code instead of jose (decision 4), so that an
 * ES256 signature, which takes some 30 µs, needs no thread. An RS256 signature takes ten times as long and runs in the thread pool.
 */
export class JwtSigner {
  readonly publicJwk: PublicJwk;
  private readonly headers = new Map<string, string>();

  constructor(
    private readonly privateKey: KeyObject,
    private readonly algorithm: SigningAlgorithm,
  ) {
    this.publicJwk = toPublicJwk(privateKey, algorithm);
  }

  async sign(typ: string, claims: object): Promise<string> {
    const content = `${this.getHeader(typ)}.${encodeJson(claims)}`;
    const signature = await this.createSignature(Buffer.from(content));
    return `${content}.${signature.toString('base64url')}`;
  }

  /** JWS encodes an ECDSA signature as r ‖ s (RFC 7518 §3.4), not as DER. */
  private createSignature(content: Buffer): Buffer | Promise<Buffer> {
    const key: SignKeyObjectInput = { key: this.privateKey, dsaEncoding: 'ieee-p1363' };
    return this.algorithm === 'ES256'
      ? sign('sha256', content, key)
      : signInThreadPool('sha256', content, key);
  }

  private getHeader(typ: string): string {
    let header = this.headers.get(typ);
    if (header === undefined) {
      header = encodeJwtHeader(typ, this.publicJwk);
      this.headers.set(typ, header);
    }
    return header;
  }
}

/** Generates keys, encrypts them for the database, and creates signers from encrypted keys. */
@Injectable()
export class SigningKeyFactory {
  constructor(private readonly cipher: PrivateKeyCipher) {}

  async generate(algorithm: SigningAlgorithm): Promise<NewSigningKey> {
    const privateKey = await generatePrivateKey(algorithm);
    const { kid } = toPublicJwk(privateKey, algorithm);
    const sealed = this.cipher.encrypt(privateKey.export({ type: 'pkcs8', format: 'der' }), kid);
    return { kid, algorithm, sealed };
  }

  /** @throws {ConfigurationError} when the server secret that the key was encrypted under is not configured */
  createSigner({ kid, algorithm, sealed }: NewSigningKey): JwtSigner {
    const key = this.cipher.decrypt(sealed, kid);
    return new JwtSigner(createPrivateKey({ key, type: 'pkcs8', format: 'der' }), algorithm);
  }

  /** Whether the key is encrypted under the newest server secret. */
  isSealedWithCurrentSecret(sealed: string): boolean {
    return this.cipher.isEncryptedWithCurrentSecret(sealed);
  }

  /** @throws {ConfigurationError} as {@link createSigner} */
  reseal({ kid, sealed }: NewSigningKey): string {
    return this.cipher.encrypt(this.cipher.decrypt(sealed, kid), kid);
  }
}

/** A process that has not read the keys for this long was suspended, and reads them before it signs. In milliseconds. */
const STALE_MS = 30_000;

/** The signing keys of this process: a copy of the database that is a few seconds old. */
@Injectable()
export class SigningKeyService {
  private signers: ReadonlyMap<string, JwtSigner> = new Map();
  private active: JwtSigner | undefined;
  private keys: readonly PlannedKey[] = [];
  private signersByAlgorithm: ReadonlyMap<SigningAlgorithm, JwtSigner> = new Map();
  private loadedAt = Number.NEGATIVE_INFINITY;
  private lastRows = '';
  private pendingReload: Promise<unknown> = Promise.resolve();
  private publishedSet = new PublishedKeySet([], { changesAt: 0, maxAge: 1 });

  constructor(
    private readonly repository: SigningKeyRepository,
    private readonly factory: SigningKeyFactory,
    private readonly plan: KeyRotationPlan,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** The public keys that verifiers fetch (RFC 7517 §5). */
  get keySet(): PublishedKeySet {
    return this.publishedSet;
  }

  /** For monitoring: the published keys, as of the last read. */
  get publishedKeys(): readonly PlannedKey[] {
    return this.keys;
  }

  /** For monitoring: seconds since the published keys were read. */
  get keySetAgeSeconds(): number {
    return (this.clock.monotonic() - this.loadedAt) / 1000;
  }

  /** The `kid` of the key that signs access tokens now. */
  get activeKid(): string {
    return this.activeSigner.publicJwk.kid;
  }

  /** Algorithms that {@link sign} accepts. The first one signs access tokens. */
  get algorithms(): readonly [SigningAlgorithm, ...SigningAlgorithm[]] {
    return this.plan.algorithms;
  }

  /**
   * @param typ explicit type: the media type without `application/` (RFC 8725 §3.11)
   * @param claims `exp` is at most {@link MAX_TOKEN_LIFETIME_SECONDS} ahead, so that no token outlives its key in the key set
   * @param algorithm one of {@link algorithms}; default: the algorithm of access tokens
   */
  async sign<Claims extends { readonly exp: number }>(
    typ: string,
    claims: Claims,
    algorithm?: SigningAlgorithm,
  ): Promise<string> {
    const now = this.clock.now();
    if (claims.exp > now / 1000 + MAX_TOKEN_LIFETIME_SECONDS) {
      throw new Error(
        `a token of more than ${MAX_TOKEN_LIFETIME_SECONDS} seconds would outlive its key`,
      );
    }
    // The job `keys` reports a failure. The old keys still sign, because no key would stop the server.
    if (this.clock.monotonic() - this.loadedAt > STALE_MS)
      await this.reload().catch(() => undefined);
    return this.getSigner(algorithm).sign(typ, claims);
  }

  /**
   * Reads the keys from the database, one read after another. After a failure the old keys stay.
   *
   * @returns whether a key has changed
   * @throws {ConfigurationError} when the server secret that a key was encrypted under is not configured
   */
  reload(): Promise<boolean> {
    const reloaded = this.pendingReload.catch(() => undefined).then(() => this.loadKeys());
    this.pendingReload = reloaded;
    return reloaded;
  }

  private getSigner(algorithm: SigningAlgorithm | undefined): JwtSigner {
    if (algorithm === undefined) return this.activeSigner;
    const signer = this.signersByAlgorithm.get(algorithm);
    if (!signer) throw new Error(`no key of this server signs with ${algorithm}`);
    return signer;
  }

  private get activeSigner(): JwtSigner {
    if (!this.active) throw new Error('no active signing key');
    return this.active;
  }

  private async loadKeys(): Promise<boolean> {
    const startedAt = this.clock.monotonic();
    const keys = await this.repository.findPublished();
    const rows = JSON.stringify(keys.map(({ kid, state, changedAt }) => [kid, state, changedAt]));
    const hasChanged = rows !== this.lastRows;
    if (hasChanged) this.replaceSigners(keys);
    this.lastRows = rows;
    this.loadedAt = startedAt;
    return hasChanged;
  }

  /** Keeps the signers of known keys, and the last active signer while no key is active. */
  private replaceSigners(keys: readonly StoredSigningKey[]): void {
    const signers = new Map(
      keys.map((key) => [key.kid, this.signers.get(key.kid) ?? this.factory.createSigner(key)]),
    );
    this.active = signers.get(this.plan.selectDefaultSigner(keys)?.kid ?? '') ?? this.active;
    const found = this.plan.algorithms.flatMap((algorithm) => {
      const signer = signers.get(this.plan.selectSigner(algorithm, keys)?.kid ?? '');
      return signer ? [[algorithm, signer] as const] : [];
    });
    this.signersByAlgorithm = new Map([...this.signersByAlgorithm, ...found]);
    this.signers = signers;
    this.keys = keys;
    this.publishedSet = new PublishedKeySet(
      [...signers.values()].map(({ publicJwk }) => publicJwk),
      { changesAt: this.plan.findNextChange(keys), maxAge: this.config.KEY_SET_MAX_AGE },
    );
  }
}
