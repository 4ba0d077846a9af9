import type { KeySet } from '../keys/key-set.js';
import { requireSignature } from '../keys/require-signature.js';
import type { VerificationKey } from '../keys/verification-key.js';
import type { Algorithm } from '../token/algorithms.js';
import { instant } from '../token/claims.js';
import { decodeHeader, parseCompactJws } from '../token/compact-jws.js';
import { type Lifetime, requireIssued, requireNotExpired } from '../token/lifetime.js';
import { parseJoseHeader } from '../token/jose-header.js';
import type { JsonObject } from '../token/strict-json.js';
import { StatusList } from './status-list.js';

/** Who may have signed a list, and what it must say. */
export interface StatusListRules {
  readonly uri: string;
  readonly issuer: string;
  readonly algorithms: readonly Algorithm[];
  readonly keySet: KeySet;
  readonly lifetime: Lifetime;
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
  requireSignature({ jws, jose }, key);
  requireNames(jws.claims, rules);
  return {
    kid: jose.kid,
    key,
    expiresAt: expiryOf(jws.claims, rules.lifetime),
    lifetimeMs: lifetimeOf(jws.claims),
    list: await StatusList.read(jws.claims['status_list'], rules.maxBytes),
  };
}

/** A good list of another address must not stand in for this one. */
function requireNames({ sub, iss }: JsonObject, { uri, issuer }: StatusListRules): void {
  if (sub !== uri) throw new TypeError('sub must be the address that tokens refer to');
  if (iss !== undefined && iss !== issuer) throw new TypeError('iss must be the issuer of tokens');
}

function expiryOf({ iat, exp }: JsonObject, lifetime: Lifetime): number {
  requireIssued(instant(iat, 'iat'), lifetime);
  if (exp === undefined) return Infinity;
  const expiresAt = instant(exp, 'exp');
  requireNotExpired(expiresAt, lifetime);
  return expiresAt.getTime() + lifetime.tolerance;
}

function lifetimeOf({ ttl }: JsonObject): number {
  if (ttl === undefined) return Infinity;
  if (typeof ttl !== 'number' || !(ttl > 0)) throw new TypeError('ttl must be a positive number');
  return ttl * 1000;
}
