import { Injectable } from '@nestjs/common';
import { type Client, TOKEN_EXCHANGE } from '../../clients/client.entity.js';
import type { AccessTokenClaims, Actor } from '../../tokens/access-token-claims.js';
import { AccessTokenVerifier } from '../../tokens/access-token-verifier.js';
import { OAuthError } from '../../platform/oauth-error.js';
import type { RefreshTokenFamily } from '../../sessions/refresh-token-family.entity.js';
import {
  type GrantedAccess,
  ResourceServerService,
} from '../../clients/resource-server.service.js';
import { SessionService } from '../../sessions/session.service.js';
import { AccessTokenService } from '../../tokens/access-token.service.js';
import type { Grant, TokenRequest } from './grant.js';
import type { TokenParameters, TokenResponse } from './token.schema.js';

const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/** How many services may act for a person, one for the other. */
const MAX_ACTORS = 3;

/** A service that was called for a person calls another one for the same person (RFC 8693). */
@Injectable()
export class TokenExchangeGrant implements Grant {
  readonly type = TOKEN_EXCHANGE;

  constructor(
    private readonly accessTokenVerifier: AccessTokenVerifier,
    private readonly sessions: SessionService,
    private readonly resourceServers: ResourceServerService,
    private readonly accessTokens: AccessTokenService,
  ) {}

  async exchange({ client, parameters, proven }: TokenRequest): Promise<TokenResponse> {
    // "… client authentication … allows … to determine … which entities are permitted to impersonate or act" (§2.1, §5).
    if (client.isPublic || !client.resourceServer) throw OAuthError.unauthorizedClient(this.type);

    // §2.1: the types of what comes in and what goes out.
    checkTokenTypes(parameters);
    const target = readTarget(parameters);

    // §2.2.2: a subject token that is "invalid for any reason, or … unacceptable based on policy" is an invalid request.
    const subject = this.subject(parameters.subject_token, client);
    const family = await this.findFamily(subject);

    const granted = this.limitGrant(client, subject, family);
    const { audience, scope } = this.resourceServers.selectAudience(granted, {
      resource: target,
      scope: parameters.scope,
    });

    await proven?.markProofUsed();

    // It dies with the subject token and with the session, and there is no refresh token (§2.2.1).
    const response = await this.accessTokens.issue({
      verifySubjectToken: family.accountId,
      clientId: client.id,
      audience,
      scope,
      ttl: client.accessTokenTtl,
      notAfter: subject.exp,
      session: family.session,
      dpopJkt: proven?.jkt,
      actor: { sub: client.id, ...(subject.act && { act: subject.act }) },
    });
    return { ...response, issued_token_type: ACCESS_TOKEN_TYPE };
  }

  private subject(text: string | undefined, client: Client): AccessTokenClaims {
    const token = text === undefined ? undefined : this.accessTokenVerifier.verify(text);
    if (!token) throw OAuthError.invalidSubjectToken('no access token of this server, or expired');

    // A token that was meant for somebody else reached this client by mistake or by theft.
    if (token.aud !== client.resourceServer) {
      throw OAuthError.invalidSubjectToken(`for another audience: ${token.aud}`);
    }
    // §4.4: "… asserts that the party identified … is authorized to … act on behalf of" the subject; nobody else is.
    if (token.may_act && token.may_act.sub !== client.id) {
      throw OAuthError.invalidSubjectToken('may_act names somebody else');
    }
    if (countActors(token.act) >= MAX_ACTORS) {
      throw OAuthError.invalidSubjectToken(`more than ${MAX_ACTORS} services would act`);
    }
    return token;
  }

  /** Only people's tokens are exchanged: a service that acts for itself has its own credentials. */
  private async findFamily({ sub, sid }: AccessTokenClaims): Promise<RefreshTokenFamily> {
    const family = sid === undefined ? undefined : await this.sessions.findActiveFamily(sub, sid);
    if (!family) throw OAuthError.invalidSubjectToken('its session ended, or it has none');
    return family;
  }

  /**
   * What the person granted and the client may have, both of scope and of resource servers. Where the server of the subject
   * token knows a scope that the token does not carry, the exchange does not bring it back.
   */
  private limitGrant(
    client: Client,
    subject: AccessTokenClaims,
    family: RefreshTokenFamily,
  ): GrantedAccess {
    const carried = subject.scope.split(' ');
    const withheld = this.resourceServers
      .getScopes(subject.aud)
      .filter((word) => !carried.includes(word));
    return {
      resources: client.exchangeTargets.filter((target) => family.resources.includes(target)),
      scope: family.scope.filter((word) => client.scope.includes(word) && !withheld.includes(word)),
    };
  }
}

function checkTokenTypes(parameters: TokenParameters): void {
  const { subject_token_type, requested_token_type = ACCESS_TOKEN_TYPE } = parameters;
  if (subject_token_type !== ACCESS_TOKEN_TYPE || requested_token_type !== ACCESS_TOKEN_TYPE) {
    throw OAuthError.invalidRequest('Only access tokens are exchanged for access tokens.');
  }
  // The acting party is the client, which has just proved who it is; nobody's word about another is needed.
  if (parameters.actor_token !== undefined || parameters.actor_token_type !== undefined) {
    throw OAuthError.invalidRequest('The client itself is the actor: send no actor_token.');
  }
}

/** Resource servers have one name, so `audience` and `resource` are the same thing here. */
function readTarget({ resource, audience }: TokenParameters): string | undefined {
  if (resource !== undefined && audience !== undefined && resource !== audience) {
    throw OAuthError.invalidTarget('resource and audience differ');
  }
  return resource ?? audience;
}

function countActors(actor: Actor | undefined): number {
  let count = 0;
  for (let each = actor; each; each = each.act) count += 1;
  return count;
}
