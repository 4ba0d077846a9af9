import { Injectable } from '@nestjs/common';
import { CredentialsService } from '../accounts/credentials.service.js';
import { FirstPartyClient } from '../clients/first-party-client.js';
import type { AttemptOrigin } from '../accounts/login-throttle.service.js';
import { type DeviceInfo, RefreshTokenService } from '../sessions/refresh-token.service.js';
import { ResourceServerService } from '../clients/resource-server.service.js';
import { AccessTokenService } from '../tokens/access-token.service.js';
import type { TokenResponse } from '../oauth/token/token.schema.js';
import type { LoginParameters } from './login.schema.js';

/** Who is at the door: as its owner will see it among the sessions, and as failures are counted. */
interface LoginContext {
  readonly device: DeviceInfo;
  readonly from: AttemptOrigin;
}

/** The login of our own front ends: no third party is between the person and us, so nobody needs to consent. */
@Injectable()
export class LoginService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly firstParty: FirstPartyClient,
    private readonly resourceServers: ResourceServerService,
    private readonly refreshTokens: RefreshTokenService,
    private readonly accessTokens: AccessTokenService,
  ) {}

  /**
   * @throws {OAuthError} `invalid_grant`, `invalid_scope`, `invalid_target`
   * @throws {TooManyRequests}
   */
  async login(parameters: LoginParameters, { device, from }: LoginContext): Promise<TokenResponse> {
    const { client } = this.firstParty;
    const granted = this.resourceServers.grant(client.scope, {
      resources: [parameters.resource ?? []].flat(),
      scope: parameters.scope,
    });
    const { audience, scope } = this.resourceServers.selectAudience(granted, {});
    const account = await this.credentials.verify(parameters, from);

    const begun = await this.refreshTokens.create({ ...granted, account, client, device });
    // The password was changed, or the account disabled, while its hash was compared.
    if (!begun) return this.credentials.rejectLogin('wrong_password');
    const { token, session } = begun;
    const response = await this.accessTokens.issue({
      verifySubjectToken: account.id,
      clientId: client.id,
      audience,
      scope,
      session,
    });
    return { ...response, refresh_token: token };
  }
}
