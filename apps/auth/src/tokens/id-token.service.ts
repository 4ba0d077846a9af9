import { createHash } from 'node:crypto';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { type RequestedClaims, selectStandardClaims } from './standard-claims.js';
import type { SigningAlgorithm } from './keys/signing-key.entity.js';
import { SigningKeyService } from './keys/signing-key.service.js';
import { ACR, type IdTokenClaims, verifyIdToken } from './id-token-claims.js';
import { computeSubject, type SubjectAccount, type SubjectClient } from './subject-identifier.js';

interface IdTokenClient extends SubjectClient {
  readonly idTokenAlgorithm: SigningAlgorithm | null;
}

/** The content of an ID token. The service adds `iss`, `iat`, `exp` and `acr`. */
export interface IdTokenContent {
  readonly client: IdTokenClient;
  readonly account: SubjectAccount & Parameters<typeof selectStandardClaims>[0];
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
  /** Claims that the `claims` parameter requested for the ID token. Userinfo returns all other claims. */
  readonly requested?: RequestedClaims;
}

const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** Issues ID tokens (OpenID Connect Core §2), and verifies them as hints. */
@Injectable()
export class IdTokenService {
  constructor(
    private readonly keys: SigningKeyService,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** `aud` is the client only, so there is no `azp`. */
  issue(content: IdTokenContent): Promise<string> {
    const { client, account, session, nonce, accessToken } = content;
    const now = toSeconds(this.clock.now());
    const claims = {
      ...selectStandardClaims(account, [], content.requested),
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

  /**
   * Verifies an ID token that a client sends back (`id_token_hint`). It may have expired, because it only names the user and
   * proves no authentication. Its key must still be in the key set.
   *
   * @param client the client that the ID token must be issued to; default: any client
   */
  verifyHint(text: string, client?: Pick<SubjectClient, 'id'>): IdTokenClaims | undefined {
    const claims = verifyIdToken(text, this.keys.keySet.keys);
    if (claims?.iss !== this.config.ISSUER) return undefined;
    return client === undefined || claims.aud === client.id ? claims : undefined;
  }

  /** A client may be registered for an algorithm that is no longer configured. It gets the default then. */
  private selectAlgorithm({ idTokenAlgorithm }: IdTokenClient): SigningAlgorithm {
    const isConfigured = this.keys.algorithms.some((algorithm) => algorithm === idTokenAlgorithm);
    return idTokenAlgorithm && isConfigured ? idTokenAlgorithm : this.config.ID_TOKEN_ALGORITHM;
  }
}

/** "… the left-most half of the hash of the octets of the ASCII representation of the access_token" (§3.1.3.6). */
const computeAtHash = (accessToken: string): string =>
  createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
