import { hash } from 'node:crypto';
import { readInstant, readString } from '../core/claims.js';
import {
  checkLength,
  checkNoExtension,
  checkTokenType,
  type CompactJws,
  decodeHeader,
  parseCompactJws,
  readAlgorithm,
} from '../core/jws.js';
import { LeastRecentlyUsed } from '../core/token-cache.js';
import type { JsonObject } from '../core/strict-json.js';
import type { VerificationKey } from '../core/verification-key.js';
import { InvalidProof } from './bearer-errors.js';
import type { ResolvedDpopOptions } from './dpop.options.js';
import { importEmbeddedKey } from './embedded-key.js';

/** The key in the header of a proof. Only `cnf.jkt` of the access token says who owns it. */
interface ProofKey {
  readonly key: VerificationKey;
  /** RFC 7638, with SHA-256. */
  readonly thumbprint: string;
}

/** A client uses the same header for all its proofs, so this is the number of clients with a cached key. */
const MAX_PROOF_KEYS = 1000;

const PROOF_TYPES = { tokenTypes: ['dpop+jwt'] };

export class ProofKeyCache {
  private readonly known = new LeastRecentlyUsed<ProofKey>(MAX_PROOF_KEYS);

  constructor(private readonly options: Pick<ResolvedDpopOptions, 'algorithms'>) {}

  /**
   * @param header the encoded header of the proof
   * @throws TokenError, TypeError
   */
  get(header: string): ProofKey {
    return this.known.get(header) ?? this.parseKey(header);
  }

  /** Caches a parsed key. Call it only after the proof was accepted, so that strangers cannot fill the cache. */
  remember(header: string, key: ProofKey): void {
    if (this.known.get(header) === undefined) this.known.set(header, key);
  }

  /** RFC 9449 §4.3, points 4, 5 and 7. */
  private parseKey(encoded: string): ProofKey {
    const header = decodeHeader(encoded);
    checkNoExtension(header);
    checkTokenType(header, PROOF_TYPES);
    const algorithm = readAlgorithm(header, this.options);
    const key = importEmbeddedKey(algorithm, header['jwk']);
    if (!key) throw new TypeError(`jwk must be a public key for ${algorithm}`);
    return { key, thumbprint: computeThumbprint(key) };
  }
}

/** RFC 7638 §3.2, RFC 8037 §2. Uses Node's export of the key, because one key has several valid JWK texts. */
function computeThumbprint({ publicKey }: VerificationKey): string {
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' });
  const members = { EC: { crv, kty, x, y }, OKP: { crv, kty, x }, RSA: { e, kty, n } };
  return hash('sha256', JSON.stringify(Reflect.get(members, kty ?? '')), 'base64url');
}

/** A decoded proof. Nothing in it has been verified yet. */
export interface ParsedProof {
  readonly jws: CompactJws;
  readonly key: ProofKey;
  readonly claims: ProofClaims;
}

/** RFC 9449 §4.2. */
interface ProofClaims {
  readonly jti: string;
  readonly htm: string;
  readonly htu: string;
  /** `iat`, in epoch milliseconds. */
  readonly issuedAt: number;
  readonly ath: unknown;
  readonly nonce: unknown;
}

/**
 * RFC 9449 §4.3, points 2 to 5 and 7.
 *
 * @throws InvalidProof
 */
export function parseProof(
  proof: string,
  limits: { readonly maxTokenBytes: number },
  keys: ProofKeyCache,
): ParsedProof {
  try {
    checkLength(proof, limits);
    const jws = parseCompactJws(proof);
    return { jws, key: keys.get(jws.header), claims: readProofClaims(jws.claims) };
  } catch (cause) {
    throw new InvalidProof('malformed_proof', cause);
  }
}

function readProofClaims({ jti, htm, htu, iat, ath, nonce }: JsonObject): ProofClaims {
  return {
    jti: readString(jti, 'jti'),
    htm: readString(htm, 'htm'),
    htu: readString(htu, 'htu'),
    issuedAt: readInstant(iat, 'iat').getTime(),
    ath,
    nonce,
  };
}
