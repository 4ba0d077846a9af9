import { createHash } from 'node:crypto';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.entity.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import type { Client } from '../clients/client.entity.js';
import type { SessionClaims } from '../sessions/refresh-token-family.entity.js';
import { type RequestedClaims, selectStandardClaims } from './standard-claims.js';
import type { SigningAlgorithm } from './keys/signing-key.entity.js';
import { SigningKeyService } from './keys/signing-key.service.js';
import { ACR, type IdTokenClaims, verifyIdToken } from './id-token-claims.js';
import { computeSubject } from './subject-identifier.js';

/** What an ID token says, apart from what the server adds. */
export interface IdTokenContent {
  readonly client: Client;
  readonly account: Account;
  readonly session: SessionClaims;
  /** Of the authorization request; an ID token of a refresh has none (OpenID Connect Core §12.2). */
  readonly nonce?: string | null;
  /** The access token beside it. */
  readonly accessToken?: string;
  /** Those that the `claims` parameter asked for in the ID token; all others are told by userinfo. */
  readonly requested?: RequestedClaims;
}

const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** ID tokens: what a client is told of a login (OpenID Connect Core §2). */
@Injectable()
export class IdTokenService {
  constructor(
    private readonly keys: SigningKeyService,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /** `aud` is the client and nobody else, so there is no `azp`. */
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
   * What an ID token of ours says that a client hands back (`id_token_hint`). It may have expired: it tells who is meant, and
   * proves nothing more. One whose key has left the key set says nothing any more.
   *
   * @param client whose ID token it must be; anybody's where left out
   */
  verifyHint(text: string, client?: Pick<Client, 'id'>): IdTokenClaims | undefined {
    const claims = verifyIdToken(text, this.keys.keySet.keys);
    if (claims?.iss !== this.config.ISSUER) return undefined;
    return client === undefined || claims.aud === client.id ? claims : undefined;
  }

  /** A client may be registered for an algorithm that this server has no key for any more. */
  private selectAlgorithm({ idTokenAlgorithm }: Client): SigningAlgorithm {
    const isAtHand = this.keys.algorithms.some((algorithm) => algorithm === idTokenAlgorithm);
    return idTokenAlgorithm && isAtHand ? idTokenAlgorithm : this.config.ID_TOKEN_ALGORITHM;
  }
}

/** "… the left-most half of the hash of the octets of the ASCII representation of the access_token" (§3.1.3.6). */
const computeAtHash = (accessToken: string): string =>
  createHash('sha256').update(accessToken).digest().subarray(0, 16).toString('base64url');
