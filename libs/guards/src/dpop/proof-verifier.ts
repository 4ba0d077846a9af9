import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { compareToClock } from '../core/claims.js';
import { GuardsConfigurationError } from '../core/options.js';
import { quoteValue } from '../core/token-error.js';
import { InvalidToken } from '../nest/bearer-error.js';
import type { BoundToken, CredentialCarrier } from '../nest/credentials.js';
import { RESOLVED_OPTIONS } from '../nest/guards.options.js';
import { InvalidProof, NonceRequired, ProofsUnavailable } from './bearer-errors.js';
import type { ProofOptions, ResolvedDpopOptions } from './dpop.options.js';
import { DpopNonces } from './nonces.js';
import { type ParsedProof, parseProof, ProofKeyCache } from './proof.js';
import { isSameTarget } from './target-uri.js';
import { InMemoryUsedProofs, type UsedProofs } from './used-proofs.js';

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

/**
 * Checks proofs of possession (RFC 9449 §4.3). Cheap checks come first, then the signature, and recording the use last,
 * because it cannot be undone.
 */
@Injectable()
export class ProofVerifier {
  /** Undefined unless nonces are required. */
  readonly nonces: DpopNonces | undefined;
  private readonly dpop: ResolvedDpopOptions;
  private readonly keys: ProofKeyCache;
  private readonly usedProofs: UsedProofs;

  /** @throws GuardsConfigurationError without the option `dpop` */
  constructor(@Inject(RESOLVED_OPTIONS) private readonly options: ProofOptions) {
    const { dpop, now } = options;
    if (!dpop) throw new GuardsConfigurationError(['set `dpop`, so that proofs can be verified']);
    this.dpop = dpop;
    this.keys = new ProofKeyCache(dpop);
    this.usedProofs = dpop.usedProofs ?? new InMemoryUsedProofs(dpop.maxProofs, options);
    this.nonces = dpop.requiresNonce ? new DpopNonces(dpop, now) : undefined;
  }

  /**
   * @param bound omitted at a token endpoint, where no token exists yet
   * @returns the proof of this request; {@link Proof.spend} detects a replay
   * @throws InvalidProof, NonceRequired, or InvalidToken when the token is bound to another key
   */
  check(request: CredentialCarrier, bound?: BoundToken): Proof {
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
  private checkRequest({ claims: { htm, htu } }: ParsedProof, request: CredentialCarrier): void {
    const { method, url, originalUrl = url } = request;
    const isForRequest =
      htm === method &&
      originalUrl?.startsWith('/') &&
      isSameTarget(htu, this.dpop.baseUrl + originalUrl);
    if (isForRequest) return;
    const proven = `The proof is for ${quoteValue(htm)} ${quoteValue(htu)}`;
    const base = `and \`dpop.baseUrl\` is ${this.dpop.baseUrl}`;
    throw new InvalidProof('proof_for_another_request', new Error(`${proven}, ${base}`));
  }

  /**
   * Points 10 and 11. The nonce is a time of this server, so it replaces `iat` where nonces are required.
   *
   * @returns when the proof expires, in epoch milliseconds
   */
  private checkTime({ claims: { nonce, issuedAt } }: ParsedProof): number {
    if (this.nonces) {
      const end = this.nonces.findExpiry(nonce);
      if (end === undefined) throw new NonceRequired(this.nonces.current());
      return end;
    }
    const tolerance = this.options.clockToleranceSeconds * 1000;
    const end = issuedAt + this.dpop.maxProofAgeSeconds * 1000 + tolerance;
    const now = this.options.now();
    if (now < end && now >= issuedAt - tolerance) return end;
    const cause = new Error(`iat is ${compareToClock(issuedAt, now)}`);
    throw new InvalidProof('proof_out_of_time', cause);
  }

  /** RFC 9449 §11.1. The id contains the key, because two clients may choose the same `jti`. */
  private recordFirstUse(proof: ParsedProof, goodUntil: number): void | Promise<void> {
    const id = hash('sha256', `${proof.key.thumbprint}.${proof.claims.jti}`, 'base64url');
    const accept = (isFirst: unknown) => {
      if (isFirst !== true) throw new InvalidProof('replayed_proof');
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
function readProofHeader({ headers: { dpop } }: CredentialCarrier): string {
  if (dpop === undefined) throw new InvalidProof('no_proof');
  if (typeof dpop !== 'string') throw new InvalidProof('malformed_proof');
  return dpop;
}

/** Point 12. */
function checkBoundToken(
  { claims: { ath }, key }: ParsedProof,
  { token, boundTo }: BoundToken,
): void {
  if (ath !== hash('sha256', token, 'base64url')) throw new InvalidProof('proof_for_another_token');
  if (key.thumbprint !== boundTo) throw new InvalidToken('proof_by_another_key');
}

/** Point 6. */
function checkProofSignature({ jws, key: { key } }: ParsedProof): void {
  if (!key.isValidSignature(jws.signingInput, jws.signature))
    throw new InvalidProof('bad_proof_signature');
}

function throwUnavailable(cause: unknown): never {
  throw cause instanceof ProofsUnavailable ? cause : new ProofsUnavailable(1, cause);
}
