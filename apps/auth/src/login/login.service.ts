import { Injectable } from '@nestjs/common';
import { Credentials } from '../accounts/credentials.js';
import { FirstPartyClient } from '../clients/first-party-client.js';
import type { AttemptOrigin } from '../login-attempts/login-attempts.js';
import { type Device, RefreshTokens } from '../refresh-tokens/refresh-tokens.js';
import { ResourceServers } from '../resource-servers/resource-servers.js';
import { AccessTokens } from '../token/access-tokens.js';
import type { TokenResponse } from '../token/token-response.js';
import type { LoginParameters } from './login-parameters.js';

/** Who is at the door: as its owner will see it among the sessions, and as failures are counted. */
interface Visitor {
  readonly device: Device;
  readonly from: AttemptOrigin;
}

/** The login of our own front ends: no third party is between the person and us, so nobody needs to consent. */
@Injectable()
export class LoginService {
  constructor(
    private readonly credentials: Credentials,
    private readonly firstParty: FirstPartyClient,
    private readonly resourceServers: ResourceServers,
    private readonly refreshTokens: RefreshTokens,
    private readonly accessTokens: AccessTokens,
  ) {}

  /**
   * @throws {OAuthError} `invalid_grant`, `invalid_scope`, `invalid_target`
   * @throws {TooManyRequests}
   */
  async login(parameters: LoginParameters, { device, from }: Visitor): Promise<TokenResponse> {
    const { client } = this.firstParty;
    const granted = this.resourceServers.grant(client.scope, {
      resources: [parameters.resource ?? []].flat(),
      scope: parameters.scope,
    });
    const { audience, scope } = this.resourceServers.pick(granted, {});
    const account = await this.credentials.verify(parameters, from);

    const begun = await this.refreshTokens.begin({ ...granted, account, client, device });
    // The password was changed, or the account disabled, while its hash was compared.
    if (!begun) return this.credentials.refuse('wrong_password');
    const { token, session } = begun;
    const response = await this.accessTokens.issue({
      subject: account.id,
      clientId: client.id,
      audience,
      scope,
      session,
    });
    return { ...response, refresh_token: token };
  }
}
