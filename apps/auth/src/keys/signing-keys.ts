import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import type { JwtSigner } from './jwt-signer.js';
import { KeyFactory } from './key-factory.js';
import { LONGEST_TOKEN_SECONDS } from './key-periods.js';
import { KeyPlan } from './key-plan.js';
import { type StoredKey, KeyStore } from './key-store.js';
import type { SigningAlgorithm } from './signing-key.entity.js';
import { PublishedKeySet } from './published-key-set.js';

/** After this long without a look at the database, in milliseconds, a process has stood still and looks before it signs. */
const STALE_MS = 30_000;

/** The keys of this process: a copy of what the database says, a few seconds old. */
@Injectable()
export class SigningKeys {
  private signers: ReadonlyMap<string, JwtSigner> = new Map();
  private active: JwtSigner | undefined;
  private byAlgorithm: ReadonlyMap<SigningAlgorithm, JwtSigner> = new Map();
  private readAt = Number.NEGATIVE_INFINITY;
  private rows = '';
  private reading: Promise<void> = Promise.resolve();
  private set = new PublishedKeySet([], { changesAt: 0, maxAge: 1 });

  constructor(
    private readonly store: KeyStore,
    private readonly factory: KeyFactory,
    private readonly plan: KeyPlan,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** The public keys (RFC 7517 §5). */
  get keySet(): Pick<PublishedKeySet, 'keys'> {
    return this.set;
  }

  /** What verifiers get. */
  get published(): PublishedKeySet {
    return this.set;
  }

  /** The `kid` of the key that {@link sign} uses now. */
  get activeKid(): string {
    return this.signer.publicJwk.kid;
  }

  /** What {@link sign} can be asked for. The first one signs access tokens. */
  get algorithms(): readonly [SigningAlgorithm, ...SigningAlgorithm[]] {
    return this.plan.wanted;
  }

  /**
   * @param typ media type of the token without `application/`, as RFC 8725 §3.11 wants it told
   * @param claims `exp` is at most {@link LONGEST_TOKEN_SECONDS} ahead: no token outlives the key in the set
   * @param algorithm one of {@link algorithms}; that of access tokens where left out
   */
  async sign<Claims extends { readonly exp: number }>(
    typ: string,
    claims: Claims,
    algorithm?: SigningAlgorithm,
  ): Promise<string> {
    const now = this.clock.now();
    if (claims.exp > now / 1000 + LONGEST_TOKEN_SECONDS) {
      throw new Error(
        `a token of more than ${LONGEST_TOKEN_SECONDS} seconds would outlive its key`,
      );
    }
    // Of a failure the task `keys` tells; the last keys are better than none.
    if (now - this.readAt > STALE_MS) await this.reload().catch(() => undefined);
    return this.signerOf(algorithm).sign(typ, claims);
  }

  /**
   * Looks at the database, one look after another. Where that fails, the keys stay as they are.
   *
   * @throws {ConfigurationError} when the server secret that a key was sealed under is not configured
   */
  reload(): Promise<void> {
    this.reading = this.reading.catch(() => undefined).then(() => this.read());
    return this.reading;
  }

  private signerOf(algorithm: SigningAlgorithm | undefined): JwtSigner {
    if (algorithm === undefined) return this.signer;
    const signer = this.byAlgorithm.get(algorithm);
    if (!signer) throw new Error(`no key of this server signs with ${algorithm}`);
    return signer;
  }

  private get signer(): JwtSigner {
    if (!this.active) throw new Error('no active signing key');
    return this.active;
  }

  private async read(): Promise<void> {
    const now = this.clock.now();
    const keys = await this.store.published();
    const rows = JSON.stringify(keys.map(({ kid, state, changedAt }) => [kid, state, changedAt]));
    if (rows !== this.rows) this.replace(keys);
    this.rows = rows;
    this.readAt = now;
  }

  /** Signers of keys that stay are kept. Where no key is active there is no better one than the last. */
  private replace(keys: readonly StoredKey[]): void {
    const signers = new Map(
      keys.map((key) => [key.kid, this.signers.get(key.kid) ?? this.factory.signerOf(key)]),
    );
    this.active = signers.get(this.plan.signer(keys)?.kid ?? '') ?? this.active;
    const ring = this.plan.wanted.flatMap((algorithm) => {
      const signer = signers.get(this.plan.signerOf(algorithm, keys)?.kid ?? '');
      return signer ? [[algorithm, signer] as const] : [];
    });
    this.byAlgorithm = new Map([...this.byAlgorithm, ...ring]);
    this.signers = signers;
    this.set = new PublishedKeySet(
      [...signers.values()].map(({ publicJwk }) => publicJwk),
      { changesAt: this.plan.nextChange(keys), maxAge: this.config.KEY_SET_MAX_AGE },
    );
  }
}
