import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import type { Algorithm } from '../core/algorithms.js';
import { checkExpiry, type LifetimeLimits, readInstant } from '../core/claims.js';
import { decodeHeader, parseCompactJws, parseJoseHeader } from '../core/jws.js';
import type { KeySet } from '../core/key-set.js';
import { isJsonObject, type JsonObject } from '../core/strict-json.js';
import { checkSignature, type VerificationKey } from '../core/verification-key.js';

const inflateInBackground = promisify(inflate);

const BITS = [1, 2, 4, 8];

/** The statuses of many tokens, with 1 to 8 bits each (Token Status List §4.1). */
class StatusList {
  /** Number of statuses. */
  readonly size: number;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly bits: number,
  ) {
    this.size = (bytes.length * 8) / bits;
  }

  /**
   * Parses the claim `status_list` (§4.2).
   *
   * @param maxBytes limit of the inflated size, because a kilobyte can inflate to a megabyte
   * @throws Error
   */
  static async parse(claim: unknown, maxBytes: number): Promise<StatusList> {
    const { bits, lst } = isJsonObject(claim) ? claim : {};
    if (typeof bits !== 'number' || !BITS.includes(bits)) {
      throw new TypeError('status_list.bits must be 1, 2, 4 or 8');
    }
    if (typeof lst !== 'string') throw new TypeError('status_list.lst must be a string');
    const deflated = Buffer.from(lst, 'base64url');
    const bytes = await inflateInBackground(deflated, { maxOutputLength: maxBytes });
    return new StatusList(bytes, bits);
  }

  /** 0 is VALID (§7.1), and every other value refuses the token. Undefined beyond the end of the list. */
  isValid(index: number): boolean | undefined {
    if (index >= this.size) return undefined;
    const bit = index * this.bits;
    const byte = this.bytes[bit >> 3] ?? 0;
    return ((byte >> (bit & 7)) & ((1 << this.bits) - 1)) === 0;
  }
}

/** Accepted signers and claims of a list. */
interface StatusListRules {
  readonly uri: string;
  readonly issuer: string;
  readonly algorithms: readonly Algorithm[];
  readonly keySet: KeySet;
  readonly lifetime: LifetimeLimits;
  readonly maxBytes: number;
}

/** A verified Status List Token (Token Status List §5.1). */
export interface StatusListToken {
  readonly list: StatusList;
  readonly kid: string;
  readonly key: VerificationKey;
  /** In epoch milliseconds; infinite without `exp`. */
  readonly expiresAt: number;
  /** `ttl` in milliseconds: how long the issuer allows the list to be cached. */
  readonly lifetimeMs: number;
}

const TOKEN_TYPES = ['statuslist+jwt'];

/**
 * Verifies a list in the order of Token Status List §8.3.
 *
 * @throws Error
 */
export async function readStatusListToken(
  text: string,
  rules: StatusListRules,
): Promise<StatusListToken> {
  const jws = parseCompactJws(text);
  const { algorithms } = rules;
  const jose = parseJoseHeader(decodeHeader(jws.header), { algorithms, tokenTypes: TOKEN_TYPES });
  const key = await rules.keySet.find(jose.kid);
  checkSignature({ jws, jose }, key, rules.keySet);
  checkSubjectAndIssuer(jws.claims, rules);
  return {
    kid: jose.kid,
    key,
    expiresAt: readExpiry(jws.claims, rules.lifetime),
    lifetimeMs: readTtl(jws.claims),
    list: await StatusList.parse(jws.claims['status_list'], rules.maxBytes),
  };
}

/** A valid list of another address must not replace this one. */
function checkSubjectAndIssuer({ sub, iss }: JsonObject, { uri, issuer }: StatusListRules): void {
  if (sub !== uri) throw new TypeError('sub must be the address that tokens refer to');
  if (iss !== undefined && iss !== issuer) throw new TypeError('iss must be the issuer of tokens');
}

/**
 * An `iat` in the future is accepted: the issuer has signed the list, and a machine whose clock was set back must still
 * notice revocations.
 */
function readExpiry({ iat, exp }: JsonObject, lifetime: LifetimeLimits): number {
  readInstant(iat, 'iat');
  if (exp === undefined) return Infinity;
  const expiresAt = readInstant(exp, 'exp');
  checkExpiry(expiresAt, lifetime);
  return expiresAt.getTime() + lifetime.tolerance;
}

function readTtl({ ttl }: JsonObject): number {
  if (ttl === undefined) return Infinity;
  if (typeof ttl !== 'number' || !(ttl > 0)) throw new TypeError('ttl must be a positive number');
  return ttl * 1000;
}
