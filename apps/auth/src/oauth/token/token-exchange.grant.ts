import { Injectable } from '@nestjs/common';
import { type Client, TOKEN_EXCHANGE } from '../../clients/client.entity.js';
import {
  type AccessTokenClaims,
  AccessTokenService,
  type Actor,
  hasAudience,
} from '../../tokens/access-token.service.js';
import { AccessTokenVerifier } from '../../tokens/access-token-verifier.js';
import { OAuthError } from '../../platform/oauth-error.js';
import type { RefreshTokenFamily } from '../../sessions/refresh-token-family.entity.js';
import { ClientRepository } from '../../clients/client.repository.js';
import {
  type GrantedAccess,
  ResourceServerService,
} from '../../clients/resource-server.service.js';
import { limitToClient, narrowScope } from '../../clients/requested-scope.js';
import { SessionService } from '../../sessions/session.service.js';
import { filterRoleClaims, ROLE_CLAIMS } from '../../tokens/standard-claims.js';
import type { Grant, TokenParameters, TokenRequest, TokenResponse } from './token.schema.js';

const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/** Maximum length of the chain of services that act for one user. */
const MAX_ACTORS = 3;

/** A service that was called on behalf of a user calls another service on behalf of the same user (RFC 8693). */
@Injectable()
export class TokenExchangeGrant implements Grant {
  readonly type = TOKEN_EXCHANGE;

  constructor(
    private readonly accessTokenVerifier: AccessTokenVerifier,
    private readonly sessions: SessionService,
    private readonly resourceServers: ResourceServerService,
    private readonly accessTokens: AccessTokenService,
    private readonly clients: ClientRepository,
  ) {}

  async exchange({ client, parameters, provenKey }: TokenRequest): Promise<TokenResponse> {
    // "… client authentication … allows … to determine … which entities are permitted to impersonate or act" (§2.1, §5).
    if (client.isPublic || !client.resourceServer) {
      const rule = 'only a confidential client that is registered as a resource server may';
      throw OAuthError.unauthorizedClient(this.type, rule);
    }

    // §2.1: the types of the subject token and of the requested token.
    checkTokenTypes(parameters);

    // §2.2.2: a subject token that is "invalid for any reason, or … unacceptable based on policy" is an invalid request.
    const subject = this.verifySubjectToken(parameters.subject_token, client);
    const family = await this.findFamily(subject);

    // The operator may have removed scopes from the client to which the user granted access.
    const grantee = await this.clients.findEnabled(family.clientId);
    const userGrant = { ...family, scope: limitToClient(grantee ?? { scope: [] }, family.scope) };

    const granted = this.limitGrant(client, subject, userGrant);
    const allowed = await this.resourceServers.requireRoles(
      family.accountId,
      narrowScope(granted.scope, parameters.scope, this.resourceServers.scopes),
    );
    const access = this.resourceServers.selectOnlyAudience(
      { ...granted, scope: allowed },
      { resource: parameters.resource, scope: parameters.scope },
    );

    await provenKey?.markProofUsed();

    // The new token expires with the subject token and is revoked with the session. There is no refresh token (§2.2.1).
    const response = await this.accessTokens.issue({
      grant: 'token_exchange',
      subject: family.accountId,
      clientId: client.id,
      ...access,
      // A role that was revoked since has ended the session.
      roleClaims: subject,
      ttl: client.accessTokenTtl,
      notAfter: subject.exp,
      session: family.session,
      dpopJkt: provenKey?.jkt,
      actor: { sub: client.id, ...(subject.act && { act: subject.act }) },
    });
    return { ...response, issued_token_type: ACCESS_TOKEN_TYPE };
  }

  private verifySubjectToken(text: string | undefined, client: Client): AccessTokenClaims {
    const token = text === undefined ? undefined : this.accessTokenVerifier.verify(text);
    if (!token) throw OAuthError.invalidSubjectToken('no access token of this server, or expired');

    // A token for another audience reached this client by mistake or by theft.
    if (!hasAudience(token, client.resourceServer)) {
      throw OAuthError.invalidSubjectToken('aud of the subject token', {
        presented: [token.aud].flat().join(' '),
        expected: client.resourceServer ?? '',
      });
    }
    // §4.4: `may_act` names the only party that may act on behalf of the subject.
    if (token.may_act && token.may_act.sub !== client.id) {
      throw OAuthError.invalidSubjectToken('may_act names another party');
    }
    if (countActors(token.act) >= MAX_ACTORS) {
      throw OAuthError.invalidSubjectToken(`more than ${MAX_ACTORS} services would act`);
    }
    return token;
  }

  /** Only tokens with a user session can be exchanged. A service uses its own credentials to act for itself. */
  private async findFamily({ sub, sid }: AccessTokenClaims): Promise<RefreshTokenFamily> {
    const family = sid === undefined ? undefined : await this.sessions.findActiveFamily(sub, sid);
    if (!family) throw OAuthError.invalidSubjectToken('its session ended, or it has none');
    return family;
  }

  /**
   * The resource servers and the scope that both the user granted and the client may use. A scope of the audience of the subject
   * token that the token does not carry stays excluded, so that an exchange cannot regain it.
   */
  private limitGrant(
    client: Client,
    subject: AccessTokenClaims,
    userGrant: GrantedAccess,
  ): GrantedAccess {
    // A token contains roles for any audience, and its claims name them.
    const carried = [...subject.scope.split(' '), ...filterRoleClaims(Object.keys(subject))];
    const withheld = [subject.aud]
      .flat()
      .flatMap((audience) => this.resourceServers.getScopes(audience))
      .concat(ROLE_CLAIMS)
      .filter((word) => !carried.includes(word));
    return {
      resources: client.exchangeTargets.filter((target) => userGrant.resources.includes(target)),
      scope: userGrant.scope.filter(
        (word) => client.scope.includes(word) && !withheld.includes(word),
      ),
    };
  }
}

function checkTokenTypes(parameters: TokenParameters): void {
  const { subject_token_type, requested_token_type = ACCESS_TOKEN_TYPE } = parameters;
  requireAccessTokenType('subject_token_type', subject_token_type);
  requireAccessTokenType('requested_token_type', requested_token_type);
  // The actor is the authenticated client itself, so an actor token is refused.
  if (parameters.actor_token !== undefined || parameters.actor_token_type !== undefined) {
    throw OAuthError.invalidRequest('The client itself is the actor: send no actor_token.');
  }
  if (!parameters.subject_token) throw OAuthError.invalidRequest('subject_token is missing.');
}

function requireAccessTokenType(name: string, presented: string | undefined): void {
  if (presented === ACCESS_TOKEN_TYPE) return;
  throw OAuthError.invalidRequest(`${name} must be ${ACCESS_TOKEN_TYPE}.`, {
    presented,
    expected: ACCESS_TOKEN_TYPE,
  });
}

function countActors(actor: Actor | undefined): number {
  let count = 0;
  for (let current = actor; current; current = current.act) count += 1;
  return count;
}
