import { hash } from 'node:crypto';
import { compareToClock } from '../core/claims.js';
import { quoteValue, TokenError, UnavailableError } from '../core/token-error.js';
import type { ResolvedVerifierOptions } from '../core/verifier.options.js';
import type { ResolvedDpopOptions } from './dpop.options.js';
import { DpopNonces } from './nonces.js';
import { type ParsedProof, parseProof, ProofKeyCache } from './proof.js';
import { isSameTarget } from './target-uri.js';
import { InMemoryUsedProofs, type UsedProofs } from './used-proofs.js';

/** The access token that a proof belongs to. */
export interface BoundToken {
  readonly token: string;
  /** Thumbprint of the key that the token is bound to. */
  readonly boundTo: string;
}

/** A valid proof. */
export interface Proof {
  /** Of the key that signed the proof (RFC 7638). */
  readonly thumbprint: string;
  /**
   * Records the proof as used (RFC 9449 §11.1). Call it after all other checks, because each record takes memory.
   *
   * @throws InvalidProof, ProofsUnavailable
   */
  spend(): void | Promise<void>;
}

/** The parts of a request that a proof is checked against. */
export interface ProvenRequest {
  readonly headers: { readonly dpop?: string | readonly string[] | undefined };
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** The URL as it was sent, if a router has shortened `url`. */
  readonly originalUrl?: string | undefined;
}

export interface ProofVerifierOptions extends Pick<
  ResolvedVerifierOptions,
  'now' | 'monotonicNow' | 'clockToleranceSeconds' | 'maxTokenBytes'
> {
  readonly dpop: ResolvedDpopOptions;
}

/** The nonce of the proof is missing or old (RFC 9449 §9). */
export class NonceError extends TokenError {
  override readonly name = 'NonceError';

  constructor(readonly nonce: string) {
    super('proof_nonce_required');
  }
}

/**
 * Checks proofs of possession (RFC 9449 §4.3). Cheap checks come first, then the signature, and recording the use last,
 * because it cannot be undone.
 */
export class DpopProofVerifier {
  /** Undefined unless nonces are required. */
  readonly nonces: DpopNonces | undefined;
  private readonly dpop: ResolvedDpopOptions;
  private readonly keys: ProofKeyCache;
  private readonly usedProofs: UsedProofs;

  constructor(private readonly options: ProofVerifierOptions) {
    const { dpop, now } = options;
    this.dpop = dpop;
    this.keys = new ProofKeyCache(dpop);
    this.usedProofs = dpop.usedProofs ?? new InMemoryUsedProofs(dpop.maxProofs, options);
    this.nonces = dpop.requiresNonce ? new DpopNonces(dpop, now) : undefined;
  }

  /**
   * @param bound omitted at a token endpoint, where no token exists yet
   * @returns the proof of this request; {@link Proof.spend} detects a replay
   * @throws TokenError
   */
  check(request: ProvenRequest, bound?: BoundToken): Proof {
    const proof = parseProof(readProofHeader(request), this.options, this.keys);
    this.checkRequest(proof, request);
    const goodUntil = this.checkTime(proof);
    if (bound) checkBoundToken(proof, bound);
    checkProofSignature(proof);
    return {
      thumbprint: proof.key.thumbprint,
      spend: () => this.recordFirstUse(proof, goodUntil),
    };
  }

  /** Points 8 and 9. Uses the configured address, because the client chooses the Host header. */
  private checkRequest({ claims: { htm, htu } }: ParsedProof, request: ProvenRequest): void {
    const { method, url, originalUrl = url } = request;
    const isForRequest =
      htm === method &&
      originalUrl?.startsWith('/') &&
      isSameTarget(htu, this.dpop.baseUrl + originalUrl);
    if (isForRequest) return;
    const proven = `The proof is for ${quoteValue(htm)} ${quoteValue(htu)}`;
    const base = `and \`dpop.baseUrl\` is ${this.dpop.baseUrl}`;
    throw TokenError.because('proof_for_another_request', `${proven}, ${base}`);
  }

  /**
   * Points 10 and 11. The nonce is a time of this server, so it replaces `iat` where nonces are required.
   *
   * @returns when the proof expires, in epoch milliseconds
   */
  private checkTime({ claims: { nonce, issuedAt } }: ParsedProof): number {
    if (this.nonces) {
      const end = this.nonces.findExpiry(nonce);
      if (end === undefined) throw new NonceError(this.nonces.current());
      return end;
    }
    const tolerance = this.options.clockToleranceSeconds * 1000;
    const end = issuedAt + this.dpop.maxProofAgeSeconds * 1000 + tolerance;
    const now = this.options.now();
    if (now < end && now >= issuedAt - tolerance) return end;
    throw TokenError.because('proof_out_of_time', `iat is ${compareToClock(issuedAt, now)}`);
  }

  /** RFC 9449 §11.1. The id contains the key, because two clients may choose the same `jti`. */
  private recordFirstUse(proof: ParsedProof, goodUntil: number): void | Promise<void> {
    const id = hash('sha256', `${proof.key.thumbprint}.${proof.claims.jti}`, 'base64url');
    const accept = (isFirst: unknown) => {
      if (isFirst !== true) throw new TokenError('replayed_proof');
      this.keys.remember(proof.jws.header, proof.key);
    };
    const isFirst = this.recordUse(id, goodUntil);
    return isFirst instanceof Promise ? isFirst.then(accept) : accept(isFirst);
  }

  /** The application supplies the store, so its result is not trusted: only `true` accepts the proof. */
  private recordUse(id: string, goodUntil: number): unknown {
    try {
      const isFirst = this.usedProofs.use(id, goodUntil);
      return typeof isFirst === 'boolean'
        ? isFirst
        : Promise.resolve(isFirst).catch(throwUnavailable);
    } catch (error) {
      return throwUnavailable(error);
    }
  }
}

/** Point 1. Node joins several headers with a comma, which no proof contains. */
function readProofHeader({ headers: { dpop } }: ProvenRequest): string {
  if (dpop === undefined) throw new TokenError('no_proof');
  if (typeof dpop !== 'string') throw new TokenError('malformed_proof');
  return dpop;
}

/** Point 12. */
function checkBoundToken(
  { claims: { ath }, key }: ParsedProof,
  { token, boundTo }: BoundToken,
): void {
  if (ath !== hash('sha256', token, 'base64url')) throw new TokenError('proof_for_another_token');
  if (key.thumbprint !== boundTo) throw new TokenError('proof_by_another_key');
}

/** Point 6. */
function checkProofSignature({ jws, key: { key } }: ParsedProof): void {
  if (!key.isValidSignature(jws.signingInput, jws.signature))
    throw new TokenError('bad_proof_signature');
}

function throwUnavailable(cause: unknown): never {
  if (cause instanceof UnavailableError) throw cause;
  throw new UnavailableError('proofs_unavailable', 1, { cause });
}
