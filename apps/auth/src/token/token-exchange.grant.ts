import { Injectable } from '@nestjs/common';
import { type Client, TOKEN_EXCHANGE } from '../clients/client.entity.js';
import type { Actor, IssuedToken } from '../issued-tokens/issued-token.js';
import { IssuedTokens } from '../issued-tokens/issued-tokens.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import type { RefreshTokenFamily } from '../refresh-tokens/refresh-token-family.entity.js';
import { type Granted, ResourceServers } from '../resource-servers/resource-servers.js';
import { Sessions } from '../sessions/sessions.js';
import { AccessTokens } from './access-tokens.js';
import type { Grant, TokenRequest } from './grant.js';
import type { TokenParameters } from './token-parameters.js';
import type { TokenResponse } from './token-response.js';

const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';

/** How many services may act for a person, one for the other. */
const MOST_ACTORS = 3;

/** A service that was called for a person calls another one for the same person (RFC 8693). */
@Injectable()
export class TokenExchangeGrant implements Grant {
  readonly type = TOKEN_EXCHANGE;

  constructor(
    private readonly issuedTokens: IssuedTokens,
    private readonly sessions: Sessions,
    private readonly resourceServers: ResourceServers,
    private readonly accessTokens: AccessTokens,
  ) {}

  async exchange({ client, parameters, proven }: TokenRequest): Promise<TokenResponse> {
    // "… client authentication … allows … to determine … which entities are permitted to impersonate or act" (§2.1, §5).
    if (client.isPublic || !client.resourceServer) throw OAuthError.unauthorizedClient(this.type);

    // §2.1: the types of what comes in and what goes out.
    requireAccessTokens(parameters);
    const target = targetOf(parameters);

    // §2.2.2: a subject token that is "invalid for any reason, or … unacceptable based on policy" is an invalid request.
    const subject = this.subject(parameters.subject_token, client);
    const family = await this.familyOf(subject);

    const granted = this.granted(client, subject, family);
    const { audience, scope } = this.resourceServers.pick(granted, {
      resource: target,
      scope: parameters.scope,
    });

    await proven?.spendProof();

    // It dies with the subject token and with the session, and there is no refresh token (§2.2.1).
    const response = await this.accessTokens.issue({
      subject: family.accountId,
      clientId: client.id,
      audience,
      scope,
      ttl: client.accessTokenTtl,
      notAfter: subject.exp,
      session: family.session,
      dpopJkt: proven?.jkt,
      actor: { sub: client.id, ...(subject.act && { act: subject.act }) },
    });
    return { ...response, issued_token_type: ACCESS_TOKEN };
  }

  private subject(text: string | undefined, client: Client): IssuedToken {
    const token = text === undefined ? undefined : this.issuedTokens.read(text);
    if (!token) throw OAuthError.invalidSubjectToken('no access token of this server, or expired');

    // A token that was meant for somebody else reached this client by mistake or by theft.
    if (token.aud !== client.resourceServer) {
      throw OAuthError.invalidSubjectToken(`for another audience: ${token.aud}`);
    }
    // §4.4: "… asserts that the party identified … is authorized to … act on behalf of" the subject; nobody else is.
    if (token.may_act && token.may_act.sub !== client.id) {
      throw OAuthError.invalidSubjectToken('may_act names somebody else');
    }
    if (actorsOf(token.act) >= MOST_ACTORS) {
      throw OAuthError.invalidSubjectToken(`more than ${MOST_ACTORS} services would act`);
    }
    return token;
  }

  /** Only people's tokens are exchanged: a service that acts for itself has its own credentials. */
  private async familyOf({ sub, sid }: IssuedToken): Promise<RefreshTokenFamily> {
    const family = sid === undefined ? undefined : await this.sessions.find(sub, sid);
    if (!family) throw OAuthError.invalidSubjectToken('its session ended, or it has none');
    return family;
  }

  /**
   * What the person granted and the client may have, both of scope and of resource servers. Where the server of the subject
   * token knows a scope that the token does not carry, the exchange does not bring it back.
   */
  private granted(client: Client, subject: IssuedToken, family: RefreshTokenFamily): Granted {
    const carried = subject.scope.split(' ');
    const withheld = this.resourceServers
      .scopesOf(subject.aud)
      .filter((word) => !carried.includes(word));
    return {
      resources: client.exchangeTargets.filter((target) => family.resources.includes(target)),
      scope: family.scope.filter((word) => client.scope.includes(word) && !withheld.includes(word)),
    };
  }
}

function requireAccessTokens(parameters: TokenParameters): void {
  const { subject_token_type, requested_token_type = ACCESS_TOKEN } = parameters;
  if (subject_token_type !== ACCESS_TOKEN || requested_token_type !== ACCESS_TOKEN) {
    throw OAuthError.invalidRequest('Only access tokens are exchanged for access tokens.');
  }
  // The acting party is the client, which has just proved who it is; nobody's word about another is needed.
  if (parameters.actor_token !== undefined || parameters.actor_token_type !== undefined) {
    throw OAuthError.invalidRequest('The client itself is the actor: send no actor_token.');
  }
}

/** Resource servers have one name, so `audience` and `resource` are the same thing here. */
function targetOf({ resource, audience }: TokenParameters): string | undefined {
  if (resource !== undefined && audience !== undefined && resource !== audience) {
    throw OAuthError.invalidTarget('resource and audience differ');
  }
  return resource ?? audience;
}

function actorsOf(actor: Actor | undefined): number {
  let count = 0;
  for (let each = actor; each; each = each.act) count += 1;
  return count;
}
