import { createHash, randomUUID } from 'node:crypto';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { type RequestedClaims, selectUserClaims } from './standard-claims.js';
import type { SigningAlgorithm } from './keys/signing-key.entity.js';
import { SigningKeyService } from './keys/signing-key.service.js';
import type { PublicJwk } from './keys/jwk.js';
import { JwtVerifier } from './keys/jwt-verifier.js';

/**
 * The only authentication context class of this server (OpenID Connect Core §2, `acr`): one factor, level 1 of ISO/IEC 29115.
 */
export const ACR = '1';

const idTokenClaims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(),
  sid: z.string(),
});
/** The claims that the server reads from an `id_token_hint`. */
export type IdTokenClaims = Readonly<z.infer<typeof idTokenClaims>>;

/** Bounds the work for a hint. */
const ID_TOKEN_PATTERN = /^([\w-]{1,300})\.([\w-]{1,8000})\.([\w-]{1,700})$/;

/**
 * The result of the check of an `id_token_hint`:
 *
 * | kind           | the text …                                                                              | the server …             |
 * |----------------|-----------------------------------------------------------------------------------------|--------------------------|
 * | `valid`        | is an ID token of this server; it may have expired                                      | uses the claims          |
 * | `unverifiable` | is no JWT, is encrypted, of another type or issuer, or its key left the key set         | acts as without the hint |
 * | `forged`       | names a key of the key set, and the signature is wrong; or it is for another client     | rejects the hint         |
 */
export type IdTokenHint =
  | { readonly kind: 'valid'; readonly claims: IdTokenClaims }
  | { readonly kind: 'unverifiable' }
  | { readonly kind: 'forged' };

/** Does not check the lifetime. */
export function verifyIdToken(text: string, keys: readonly PublicJwk[]): IdTokenHint {
  const verifier = new JwtVerifier('JWT', keys);
  if (!ID_TOKEN_PATTERN.test(text) || !verifier.canVerify(text)) return { kind: 'unverifiable' };
  const { data: claims } = idTokenClaims.safeParse(verifier.verify(text));
  return claims ? { kind: 'valid', claims } : { kind: 'forged' };
}

interface SigningClient extends SubjectClient {
  readonly idTokenAlgorithm: SigningAlgorithm | null;
}

interface IdTokenClient extends SigningClient {
  /** Whether its ID tokens have only the claims that it requested by name. */
  readonly leanIdTokens: boolean;
}

/** The content of an ID token. The service adds `iss`, `iat`, `exp` and `acr`. */
export interface IdTokenContent {
  readonly client: IdTokenClient;
  readonly account: SubjectAccount & Parameters<typeof selectUserClaims>[0];
  readonly session: {
    /** `sid`. */
    readonly id: string;
    readonly authenticatedAt: Date;
    readonly amr: readonly string[];
  };
  /** From the authorization request; an ID token of a refresh has none (OpenID Connect Core §12.2). */
  readonly nonce?: string | null;
  /** The access token of the same response, for `at_hash`. */
  readonly accessToken?: string;
  /** The granted scope: the ID token has its claims, unless the client is registered for lean ID tokens. */
  readonly scope?: readonly string[];
  /** Claims that the `claims` parameter requested for the ID token. */
  readonly requested?: RequestedClaims;
}

/** The content of a logout token. The service adds `iss`, `iat`, `exp`, `jti` and `events`. */
export interface LogoutTokenContent {
  readonly client: SigningClient;
  /** Left out, the token has no `sub`. */
  readonly account?: SubjectAccount | undefined;
  /** `sid`. */
  readonly sessionId: string;
}

/** The specification recommends at most two minutes (OpenID Connect Back-Channel Logout §4). */
const LOGOUT_TOKEN_SECONDS = 120;
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** Issues ID tokens (OpenID Connect Core §2) and logout tokens, and verifies ID tokens as hints. */
@Injectable()
export class IdTokenService {
  constructor(
    private readonly keys: SigningKeyService,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** `aud` is the client only, so there is no `azp`. */
  issue(content: IdTokenContent): Promise<string> {
    const { client, account, session, nonce, accessToken, scope = [] } = content;
    const now = toSeconds(this.clock.now());
    const claims = {
      ...selectUserClaims(account, client.leanIdTokens ? [] : scope, content.requested),
      iss: this.config.ISSUER,
      sub: computeSubject(account, client),
      aud: client.id,
      iat: now,
      exp: now + this.config.ID_TOKEN_TTL,
      auth_time: toSeconds(session.authenticatedAt.getTime()),
      ...(typeof nonce === 'string' && { nonce }),
      acr: ACR,
      amr: session.amr,
      sid: session.id,
      ...(accessToken !== undefined && { at_hash: computeAtHash(accessToken) }),
    };
    return this.keys.sign('JWT', claims, this.selectAlgorithm(client));
  }

  /** A logout token has no `nonce`, so it is no ID token, and its type keeps it apart (OpenID Connect Back-Channel Logout §2.4, §4.1). */
  issueLogoutToken({ client, account, sessionId }: LogoutTokenContent): Promise<string> {
    const now = toSeconds(this.clock.now());
    const claims = {
      iss: this.config.ISSUER,
      aud: client.id,
      iat: now,
      exp: now + LOGOUT_TOKEN_SECONDS,
      jti: randomUUID(),
      events: { [LOGOUT_EVENT]: {} },
      ...(account && { sub: computeSubject(account, client) }),
      sid: sessionId,
    };
    return this.keys.sign('logout+jwt', claims, this.selectAlgorithm(client));
  }

  /**
   * Verifies an ID token that a client sends back (`id_token_hint`). It may have expired, because it only names the user and
   * proves no authentication. A hint is optional, so one that cannot be verified counts as none.
   *
   * @param client the client that the ID token must be issued to; default: any client
   */
  verifyHint(text: string, client?: Pick<SubjectClient, 'id'>): IdTokenHint {
    const hint = verifyIdToken(text, this.keys.keySet.keys);
    if (hint.kind !== 'valid') return hint;
    if (hint.claims.iss !== this.config.ISSUER) return { kind: 'unverifiable' };
    return client === undefined || hint.claims.aud === client.id ? hint : { kind: 'forged' };
  }

  /** A client may be registered for an algorithm that is no longer configured. It gets the default then. */
  private selectAlgorithm({ idTokenAlgorithm }: SigningClient): SigningAlgorithm {
    const isConfigured = this.keys.algorithms.some((algorithm) => algorithm === idTokenAlgorithm);
    return idTokenAlgorithm && isConfigured ? idTokenAlgorithm : this.config.ID_TOKEN_ALGORITHM;
  }
}

/** "… the left-most half of the hash of the octets of the ASCII representation of the access_token" (§3.1.3.6). */
const computeAtHash = (accessToken: string): string =>
  createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');

export interface SubjectAccount {
  readonly id: string;
  /** 128 random bits that only this server knows. */
  readonly pairwiseSeed: string;
}

export interface SubjectClient {
  readonly id: string;
  readonly subjectType: 'public' | 'pairwise';
  readonly redirectUris: readonly string[];
}

/**
 * The `sub` of an account for a client (OpenID Connect Core §8). A pairwise subject is a hash of the client's host and of the
 * account's secret seed: clients of one host share it, and clients of different hosts cannot link their subjects.
 */
export function computeSubject(
  { id, pairwiseSeed }: SubjectAccount,
  client: SubjectClient,
): string {
  if (client.subjectType === 'public') return id;
  return createHash('sha256')
    .update(JSON.stringify([findSector(client), pairwiseSeed]))
    .digest('base64url');
}

/** The host of all redirect URIs (§8.1). A client with redirect URIs on several hosts shares its sector with no other client. */
function findSector({ id, redirectUris }: SubjectClient): string {
  const hosts = new Set(redirectUris.map((uri) => new URL(uri).host));
  const [host] = hosts;
  return hosts.size === 1 && host ? `host ${host}` : `client ${id}`;
}
