import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import type { Algorithm } from '../core/algorithms.js';
import { readInstant } from '../core/claims.js';
import { decodeHeader, parseCompactJws } from '../core/compact-jws.js';
import { parseJoseHeader } from '../core/jose-header.js';
import type { KeySet } from '../core/key-set.js';
import { checkExpiry, checkIssuedAt, type LifetimeLimits } from '../core/lifetime.js';
import { isJsonObject, type JsonObject } from '../core/strict-json.js';
import { checkSignature, type VerificationKey } from '../core/verification-key.js';

const inflateInBackground = promisify(inflate);

const BITS = [1, 2, 4, 8];

/** The status of many tokens, a few bits each (Token Status List §4.1). */
export class StatusList {
  /** How many places it has. */
  readonly size: number;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly bits: number,
  ) {
    this.size = (bytes.length * 8) / bits;
  }

  /**
   * From the claim `status_list` (§4.2).
   *
   * @param maxBytes when inflated: a megabyte of zeros is a kilobyte on its way
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

  /** 0 is VALID (§7.1); whatever else a list says of a token, it is not to be accepted. Undefined beyond its end. */
  isValid(index: number): boolean | undefined {
    if (index >= this.size) return undefined;
    const place = index * this.bits;
    const byte = this.bytes[place >> 3] ?? 0;
    return ((byte >> (place & 7)) & ((1 << this.bits) - 1)) === 0;
  }
}

/** Who may have signed a list, and what it must say. */
export interface StatusListRules {
  readonly uri: string;
  readonly issuer: string;
  readonly algorithms: readonly Algorithm[];
  readonly keySet: KeySet;
  readonly lifetime: LifetimeLimits;
  readonly maxBytes: number;
}

/** A Status List Token (Token Status List §5.1) after every check. */
export interface StatusListToken {
  readonly list: StatusList;
  readonly kid: string;
  readonly key: VerificationKey;
  /** In epoch milliseconds; no end where it names none. */
  readonly expiresAt: number;
  /** `ttl` in milliseconds: how long the issuer means it to be kept. */
  readonly lifetimeMs: number;
}

const TOKEN_TYPES = ['statuslist+jwt'];

/**
 * In the order of Token Status List §8.3.
 *
 * @throws Error saying what is wrong with it
 */
export async function readStatusListToken(
  text: string,
  rules: StatusListRules,
): Promise<StatusListToken> {
  const jws = parseCompactJws(text);
  const { algorithms } = rules;
  const jose = parseJoseHeader(decodeHeader(jws.header), { algorithms, tokenTypes: TOKEN_TYPES });
  const key = await rules.keySet.find(jose.kid);
  checkSignature({ jws, jose }, key);
  checkSubjectAndIssuer(jws.claims, rules);
  return {
    kid: jose.kid,
    key,
    expiresAt: readExpiry(jws.claims, rules.lifetime),
    lifetimeMs: readTtl(jws.claims),
    list: await StatusList.parse(jws.claims['status_list'], rules.maxBytes),
  };
}

/** A good list of another address must not stand in for this one. */
function checkSubjectAndIssuer({ sub, iss }: JsonObject, { uri, issuer }: StatusListRules): void {
  if (sub !== uri) throw new TypeError('sub must be the address that tokens refer to');
  if (iss !== undefined && iss !== issuer) throw new TypeError('iss must be the issuer of tokens');
}

function readExpiry({ iat, exp }: JsonObject, lifetime: LifetimeLimits): number {
  checkIssuedAt(readInstant(iat, 'iat'), lifetime);
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
