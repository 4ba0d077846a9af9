import { Injectable } from '@nestjs/common';
import { CredentialsService } from '../accounts/credentials.service.js';
import { FirstPartyClient } from '../clients/first-party-client.js';
import type { AttemptOrigin } from '../accounts/known-device-cookie.js';
import type { DeviceInfo } from '../platform/network.js';
import { RefreshTokenService } from '../sessions/refresh-token.service.js';
import { ResourceServerService } from '../clients/resource-server.service.js';
import { AccessTokenService } from '../tokens/access-token.service.js';
import type { TokenResponse } from '../oauth/token/token.schema.js';
import type { LoginParameters } from './login.schema.js';

/** Where the login attempt comes from. */
interface LoginContext {
  /** Shown to the user in the list of sessions. */
  readonly device: DeviceInfo;
  /** Used to count failed attempts. */
  readonly origin: AttemptOrigin;
}

/** Login of the first-party client. It needs no consent, because no third party receives the tokens. */
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
  async login(
    parameters: LoginParameters,
    { device, origin }: LoginContext,
  ): Promise<TokenResponse> {
    const { client } = this.firstParty;
    const granted = this.resourceServers.grant(client.scope, {
      resources: [parameters.resource ?? []].flat(),
      scope: parameters.scope,
    });
    const { audience, scope } = this.resourceServers.selectAudience(granted, {});
    const account = await this.credentials.verify(parameters, origin);

    const created = await this.refreshTokens.create({ ...granted, account, client, device });
    // The password was changed, or the account disabled, while the server computed the hash.
    if (!created) return this.credentials.rejectLogin('wrong_password');
    const { token, session } = created;
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
