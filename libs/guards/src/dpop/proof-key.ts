import { hash } from 'node:crypto';
import { publicKeyFor, type VerificationKey } from '../keys/verification-key.js';
import { decodeHeader } from '../token/compact-jws.js';
import { algorithmOf, requireNoExtension, requireTokenType } from '../token/jose-header.js';
import { LeastRecentlyUsed } from '../token/least-recently-used.js';
import type { ResolvedDpopOptions } from './dpop.options.js';

/** The key that a proof brings along. Only `cnf.jkt` of the access token says whose it is. */
export interface ProofKey {
  readonly key: VerificationKey;
  /** RFC 7638, with SHA-256. */
  readonly thumbprint: string;
}

/** A client writes the same header into all its proofs: as many are kept as clients may be busy at once. */
const MAX_KEYS = 1000;

const PROOF_TYPES = { tokenTypes: ['dpop+jwt'] };

export class ProofKeys {
  private readonly known = new LeastRecentlyUsed<ProofKey>(MAX_KEYS);

  constructor(private readonly options: Pick<ResolvedDpopOptions, 'algorithms'>) {}

  /**
   * @param header of the proof, as it was sent
   * @throws InvalidToken, TypeError
   */
  of(header: string): ProofKey {
    return this.known.get(header) ?? this.read(header);
  }

  /** Spares reading it again. Only for headers of proofs that were accepted: strangers cannot fill the list. */
  remember(header: string, key: ProofKey): void {
    if (this.known.get(header) === undefined) this.known.set(header, key);
  }

  /** RFC 9449 §4.3, points 4, 5 and 7. */
  private read(encoded: string): ProofKey {
    const header = decodeHeader(encoded);
    requireNoExtension(header);
    requireTokenType(header, PROOF_TYPES);
    const algorithm = algorithmOf(header, this.options);
    const key = publicKeyFor(algorithm, header['jwk']);
    if (!key) throw new TypeError(`jwk must be a public key for ${algorithm}`);
    return { key, thumbprint: thumbprintOf(key) };
  }
}

/** Of the key and not of the text that it came in, which may be spelt in several ways. Node writes it in one. */
function thumbprintOf({ publicKey }: VerificationKey): string {
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' });
  const members = kty === 'EC' ? { crv, kty, x, y } : { e, kty, n };
  return hash('sha256', JSON.stringify(members), 'base64url');
}
