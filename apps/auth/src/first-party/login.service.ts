import type { RequestArrival } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { CredentialsService } from '../accounts/credentials.service.js';
import { email } from '../accounts/email-address.js';
import type { AttemptOrigin } from '../accounts/known-device-cookie.js';
import { FirstPartyClient } from '../clients/first-party-client.js';
import { ResourceServerService } from '../clients/resource-server.service.js';
import type { TokenResponse } from '../oauth/token/token.schema.js';
import type { DeviceInfo } from '../platform/network.js';
import { RefreshTokenService } from '../sessions/refresh-token.service.js';
import { AccessTokenService } from '../tokens/access-token.service.js';

const resource = z.string().max(2000);
const scope = z.string().max(2000).optional();

export const loginParameters = z.object({
  email,
  password: z.string().max(512),
  scope: scope.describe('A part of the scopes of the first-party client. Default: all of them'),
  resource: z
    .union([resource, z.array(resource).min(1).max(10)])
    .optional()
    .describe('The resource servers that the session may get tokens for. Default: all of them'),
  cookie: z
    .boolean()
    .default(false)
    .describe('For browsers: the refresh token comes in an HttpOnly cookie, not in the body'),
});
export type LoginParameters = z.infer<typeof loginParameters>;

/** `refresh_token` is optional, because browsers send it in the cookie. */
export const refreshParameters = z
  .object({ refresh_token: z.string().max(200).optional(), scope, resource: resource.optional() })
  .default({});
export type RefreshParameters = z.infer<typeof refreshParameters>;

export const logoutParameters = refreshParameters
  .unwrap()
  .pick({ refresh_token: true })
  .default({});
export type LogoutParameters = z.infer<typeof logoutParameters>;

/** Where the login attempt comes from. */
interface LoginContext {
  /** Shown to the user in the list of sessions. */
  readonly device: DeviceInfo;
  readonly arrival: RequestArrival;
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
    { device, origin, arrival }: LoginContext,
  ): Promise<TokenResponse> {
    const { client } = this.firstParty;
    const granted = this.resourceServers.grant(client.scope, {
      resources: [parameters.resource ?? []].flat(),
      scope: parameters.scope,
    });
    const login = await this.credentials.verify(parameters, origin, async (account) => {
      const allowed = await this.resourceServers.requireRoles(account.id, granted.scope);
      const access = { ...granted, scope: allowed };
      const tokenAccess = this.resourceServers.selectAudience(access, {});
      const created = await this.refreshTokens.create({
        ...access,
        account,
        client,
        device,
        arrival,
      });
      return created && { ...created, tokenAccess, accountId: account.id };
    });
    const { token, session, tokenAccess, accountId } = login;
    const response = await this.accessTokens.issue({
      grant: 'login',
      subject: accountId,
      clientId: client.id,
      ...tokenAccess,
      roleClaims: await this.resourceServers.findRoleClaims(accountId, tokenAccess.roleScope),
      session,
    });
    return { ...response, refresh_token: token };
  }
}
