import { hash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from '../nest/guards.options.js';
import type { CredentialCarrier } from '../nest/credentials.js';
import {
  InvalidProof,
  InvalidToken,
  NonceRequired,
  ProofsUnavailable,
  TemporarilyUnavailable,
} from '../nest/bearer-error.js';
import { GuardsConfigurationError } from '../nest/resolve-options.js';
import type { ResolvedDpopOptions } from './dpop.options.js';
import { DpopNonces } from './nonces.js';
import { type ParsedProof, parseProof, ProofKeyCache } from './proof.js';
import { isSameTarget } from './target-uri.js';
import { InMemoryUsedProofs, type UsedProofs } from './used-proofs.js';

/** The access token that a proof goes with. */
export interface BoundToken {
  readonly token: string;
  /** Thumbprint of the key that it is bound to. */
  readonly boundTo: string;
}

/** A proof that was found good. */
export interface Proof {
  /** Of the key that made it (RFC 7638). */
  readonly thumbprint: string;
  /**
   * Uses it up (RFC 9449 §11.1). For when everything else is found good as well: what is remembered of it takes room.
   *
   * @throws InvalidProof, ProofsUnavailable
   */
  spend(): void | Promise<void>;
}

/**
 * Checks proofs of possession (RFC 9449 §4.3). The order is ours: what is cheap first, then the signature, and last what
 * cannot be taken back.
 */
@Injectable()
export class ProofVerifier {
  /** Undefined where none are asked for. */
  readonly nonces: DpopNonces | undefined;
  private readonly dpop: ResolvedDpopOptions;
  private readonly keys: ProofKeyCache;
  private readonly usedProofs: UsedProofs;

  /** @throws GuardsConfigurationError when there is no option `dpop` */
  constructor(@Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions) {
    const { dpop, now } = options;
    if (!dpop) throw new GuardsConfigurationError(['set `dpop`, so that proofs can be verified']);
    this.dpop = dpop;
    this.keys = new ProofKeyCache(dpop);
    this.usedProofs = dpop.usedProofs ?? new InMemoryUsedProofs(dpop.maxProofs, now);
    this.nonces = dpop.requiresNonce ? new DpopNonces(dpop, now) : undefined;
  }

  /**
   * @param bound left out at a token endpoint, where there is no token yet
   * @returns the proof of this request, which may have been used before: {@link Proof.spend} tells
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

  /** Points 8 and 9. Who asks for a host does not decide which one this is. */
  private checkRequest({ claims: { htm, htu } }: ParsedProof, request: CredentialCarrier): void {
    const { method, url, originalUrl = url } = request;
    const isOfRequest =
      htm === method &&
      originalUrl?.startsWith('/') &&
      isSameTarget(htu, this.dpop.baseUrl + originalUrl);
    if (!isOfRequest) throw new InvalidProof('proof_for_another_request');
  }

  /**
   * Points 10 and 11. Of the two times that a proof has, ours counts where there is one.
   *
   * @returns from when on it is refused, in epoch milliseconds
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
    if (now >= end || now < issuedAt - tolerance) throw new InvalidProof('proof_out_of_time');
    return end;
  }

  /** RFC 9449 §11.1. Two clients may have chosen the same name for a proof; one must not. */
  private recordFirstUse(proof: ParsedProof, goodUntil: number): void | Promise<void> {
    const id = hash('sha256', `${proof.key.thumbprint}.${proof.claims.jti}`, 'base64url');
    const accept = (isFirst: unknown) => {
      if (isFirst !== true) throw new InvalidProof('replayed_proof');
      this.keys.remember(proof.jws.header, proof.key);
    };
    const isFirst = this.recordUse(id, goodUntil);
    return isFirst instanceof Promise ? isFirst.then(accept) : accept(isFirst);
  }

  /** What a store returns or throws is the application's business; whatever is not plainly true is a no. */
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

/** Point 1. Node joins several with a comma, which no proof has. */
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
  throw cause instanceof TemporarilyUnavailable ? cause : new ProofsUnavailable(1, cause);
}
