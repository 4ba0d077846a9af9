import { createHmac, hash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type DerivedKey,
  isSameText,
  readSignedText,
  ServerSecrets,
} from '../platform/server-secrets.js';
import { AccessTokenVerifier } from './access-token-verifier.js';

/** The purpose of the keys that sign refresh tokens. */
export const REFRESH_TOKEN_KEYS = 'refresh-token mac';

/** `sid` of the session of a refresh token family. It does not reveal the family's id. */
export const deriveSessionId = (familyId: string): string =>
  hash('sha256', familyId, 'buffer').subarray(0, 16).toString('base64url');

/** "… MUST be less than or equal to 2^(-128) and SHOULD be less than or equal to 2^(-160)" (RFC 6749 §10.10). */
const RANDOM_BYTES = 20;

/** 20 random bytes and 12 bytes of a MAC, base64url. */
const CODE_PATTERN = /^[\w-]{43}$/;

/**
 * Recognizes credentials that this server issued, without a query. Rate limits count each of them apart, so that a caller who
 * sends made-up ones uses up no quota of the clients and users that have real ones. Whether a credential is still valid, and for
 * which client, is decided elsewhere.
 */
@Injectable()
export class IssuedCredentials {
  private readonly refreshTokenKeys: ReturnType<ServerSecrets['derive']>;
  private readonly codeKeys: ReturnType<ServerSecrets['derive']>;

  constructor(
    secrets: ServerSecrets,
    private readonly accessTokens: AccessTokenVerifier,
  ) {
    this.refreshTokenKeys = secrets.derive(REFRESH_TOKEN_KEYS);
    this.codeKeys = secrets.derive('authorization code mac');
  }

  createCode(): string {
    return writeCode(randomBytes(RANDOM_BYTES), this.codeKeys.current);
  }

  /**
   * @param text a refresh token, an authorization code or an access token, also an expired one
   * @returns names its session, or the code itself, by a hash; undefined unless this server issued the text
   */
  identify(text: string): string | undefined {
    const [familyId] = readSignedText(text, this.refreshTokenKeys.all)?.split('.') ?? [];
    if (familyId !== undefined) return `session ${deriveSessionId(familyId)}`;
    if (this.isCode(text)) return `code ${hash('sha256', text, 'base64url')}`;
    const token = this.accessTokens.readIssued(text);
    return token && `session ${token.sid ?? `of ${token.sub}`}`;
  }

  private isCode(text: string): boolean {
    if (!CODE_PATTERN.test(text)) return false;
    const random = Buffer.from(text, 'base64url').subarray(0, RANDOM_BYTES);
    return [...this.codeKeys.all.values()].some((key) => isSameText(text, writeCode(random, key)));
  }
}

function writeCode(random: Buffer, { key }: DerivedKey): string {
  const mac = createHmac('sha256', key).update(random).digest().subarray(0, 12);
  return Buffer.concat([random, mac]).toString('base64url');
}
