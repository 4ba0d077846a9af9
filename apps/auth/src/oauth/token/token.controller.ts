import { Public } from '@gatehouse/guards';
import { clientScheme, getArrival } from '@gatehouse/service-kit';
import { Body, Controller, Header, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiBasicAuth, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import {
  AuthenticatedClient,
  ClientAuthenticationGuard,
} from '../../clients/client-authentication.guard.js';
import { Client } from '../../clients/client.entity.js';
import { normalizeUri } from '../../platform/resource-servers.js';
import { OAuthError } from '../../platform/oauth-error.js';
import { DpopProofGuard, ProofHeader } from './dpop-proof.guard.js';
import { getProvenKey } from './proven-key.js';
import {
  type Grant,
  type TokenParameters,
  tokenParameters,
  type TokenResponse,
  tokenResponse,
} from './token.schema.js';
import { AuthorizationCodeGrant } from './authorization-code.grant.js';
import { ClientCredentialsGrant } from './client-credentials.grant.js';
import { RefreshTokenGrant } from './refresh-token.grant.js';
import { TokenExchangeGrant } from './token-exchange.grant.js';

/** The token endpoint (RFC 6749 §3.2). */
@ApiTags('token')
@Controller('oauth')
@UseGuards(ClientAuthenticationGuard, DpopProofGuard)
@Public()
export class TokenController {
  private readonly grants: ReadonlyMap<string, Grant>;

  constructor(
    authorizationCode: AuthorizationCodeGrant,
    refreshToken: RefreshTokenGrant,
    clientCredentials: ClientCredentialsGrant,
    tokenExchange: TokenExchangeGrant,
  ) {
    const grants: readonly Grant[] = [
      // One line for each file *.grant.ts.
      authorizationCode,
      refreshToken,
      clientCredentials,
      tokenExchange,
    ];
    this.grants = new Map(grants.map((grant) => [grant.type, grant]));
  }

  @Post('token')
  @HttpCode(200)
  // RFC 6749 §5.1 requires both headers; Pragma is for caches of HTTP/1.0.
  @Header('Cache-Control', 'no-store')
  @Header('Pragma', 'no-cache')
  @ApiOperation({ summary: 'Exchanges a grant for an access token (RFC 6749 §3.2)' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBasicAuth(clientScheme)
  @ProofHeader()
  @ApiOkResponse({ standardSchema: tokenResponse })
  async token(
    @AuthenticatedClient() client: Client,
    @Body({ schema: tokenParameters }) parameters: TokenParameters,
    @Req() request: FastifyRequest,
  ): Promise<TokenResponse> {
    const provenKey = getProvenKey(request, client);
    const grant = this.grants.get(parameters.grant_type);
    if (!grant) throw OAuthError.unsupportedGrantType(parameters.grant_type);
    if (!client.canUseGrant(grant.type)) throw OAuthError.unauthorizedClient(grant.type);
    const named = { ...parameters, resource: readTarget(parameters) };
    return grant.exchange({ client, parameters: named, provenKey, arrival: getArrival(request) });
  }
}

/** A resource server has one identifier, so `audience` (RFC 8693 §2.1) and `resource` mean the same in every grant. */
function readTarget({ resource, audience }: TokenParameters): string | undefined {
  if (!resource || !audience || normalizeUri(resource) === normalizeUri(audience))
    return resource || audience;
  const description = `resource and audience differ: ${resource} ${audience}.`;
  throw OAuthError.invalidTarget(description, { presented: audience, expected: resource });
}
