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

/** After this long without a look at the database, in milliseconds, a process has stood still and looks before it signs. */
const STALE_MS = 30_000;

/** The keys of this process: a copy of what the database says, a few seconds old. */
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

  /** The public keys (RFC 7517 §5). */
  get keySet(): Pick<PublishedKeySet, 'keys'> {
    return this.publishedSet;
  }

  /** What verifiers get. */
  get published(): PublishedKeySet {
    return this.publishedSet;
  }

  /** The `kid` of the key that {@link sign} uses now. */
  get activeKid(): string {
    return this.activeSigner.publicJwk.kid;
  }

  /** What {@link sign} can be asked for. The first one signs access tokens. */
  get algorithms(): readonly [SigningAlgorithm, ...SigningAlgorithm[]] {
    return this.plan.algorithms;
  }

  /**
   * @param typ media type of the token without `application/`, as RFC 8725 §3.11 wants it told
   * @param claims `exp` is at most {@link MAX_TOKEN_LIFETIME_SECONDS} ahead: no token outlives the key in the set
   * @param algorithm one of {@link algorithms}; that of access tokens where left out
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
    // Of a failure the task `keys` tells; the last keys are better than none.
    if (now - this.loadedAt > STALE_MS) await this.reload().catch(() => undefined);
    return this.getSigner(algorithm).sign(typ, claims);
  }

  /**
   * Looks at the database, one look after another. Where that fails, the keys stay as they are.
   *
   * @throws {ConfigurationError} when the server secret that a key was sealed under is not configured
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

  /** Signers of keys that stay are kept. Where no key is active there is no better one than the last. */
  private replaceSigners(keys: readonly StoredSigningKey[]): void {
    const signers = new Map(
      keys.map((key) => [key.kid, this.signers.get(key.kid) ?? this.factory.createSigner(key)]),
    );
    this.active = signers.get(this.plan.selectDefaultSigner(keys)?.kid ?? '') ?? this.active;
    const ring = this.plan.algorithms.flatMap((algorithm) => {
      const signer = signers.get(this.plan.selectSigner(algorithm, keys)?.kid ?? '');
      return signer ? [[algorithm, signer] as const] : [];
    });
    this.signersByAlgorithm = new Map([...this.signersByAlgorithm, ...ring]);
    this.signers = signers;
    this.publishedSet = new PublishedKeySet(
      [...signers.values()].map(({ publicJwk }) => publicJwk),
      { changesAt: this.plan.findNextChange(keys), maxAge: this.config.KEY_SET_MAX_AGE },
    );
  }
}
