import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import type { JwtSigner } from './jwt-signer.js';
import { SigningKeyFactory } from './signing-key.factory.js';
import { MAX_TOKEN_LIFETIME_SECONDS } from './key-rotation-periods.js';
import { KeyRotationPlan } from './key-rotation-plan.js';
import { SigningKeyRepository, type StoredSigningKey } from './signing-key.repository.js';
import type { SigningAlgorithm } from './signing-key.entity.js';
import { PublishedKeySet } from './published-key-set.js';

/** A process that has not read the keys for this long was suspended, and reads them before it signs. In milliseconds. */
const STALE_MS = 30_000;

/** The signing keys of this process: a copy of the database that is a few seconds old. */
@Injectable()
export class SigningKeyService {
  private signers: ReadonlyMap<string, JwtSigner> = new Map();
  private active: JwtSigner | undefined;
  private signersByAlgorithm: ReadonlyMap<SigningAlgorithm, JwtSigner> = new Map();
  private loadedAt = Number.NEGATIVE_INFINITY;
  private lastRows = '';
  private pendingReload: Promise<void> = Promise.resolve();
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
    if (now - this.loadedAt > STALE_MS) await this.reload().catch(() => undefined);
    return this.getSigner(algorithm).sign(typ, claims);
  }

  /**
   * Reads the keys from the database, one read after another. After a failure the old keys stay.
   *
   * @throws {ConfigurationError} when the server secret that a key was encrypted under is not configured
   */
  reload(): Promise<void> {
    this.pendingReload = this.pendingReload.catch(() => undefined).then(() => this.loadKeys());
    return this.pendingReload;
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

  private async loadKeys(): Promise<void> {
    const now = this.clock.now();
    const keys = await this.repository.findPublished();
    const rows = JSON.stringify(keys.map(({ kid, state, changedAt }) => [kid, state, changedAt]));
    if (rows !== this.lastRows) this.replaceSigners(keys);
    this.lastRows = rows;
    this.loadedAt = now;
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
    this.publishedSet = new PublishedKeySet(
      [...signers.values()].map(({ publicJwk }) => publicJwk),
      { changesAt: this.plan.findNextChange(keys), maxAge: this.config.KEY_SET_MAX_AGE },
    );
  }
}
