import { Public } from '@gatehouse/guards';
import { clientScheme } from '@gatehouse/service-kit';
import { Body, Controller, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBasicAuth, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  AuthenticatedClient,
  ClientAuthenticationGuard,
  UseClientQuota,
} from '../clients/client-authentication.guard.js';
import { Client } from '../clients/client.entity.js';
import { clientAuthenticationParameters } from '../clients/presented-credentials.js';
import { OAuthError } from '../platform/oauth-error.js';
import { formText } from '../platform/request-text.js';
import {
  type IntrospectionResponse,
  introspectionResponse,
  IntrospectionService,
} from './introspection.service.js';
import { RevocationService } from './revocation.service.js';

/**
 * RFC 7662 §2.1, RFC 7009 §2.1. Only access tokens can be introspected, and the format tells access and refresh tokens apart, so
 * the hint has no effect.
 */
const tokenParameters = z.object({
  token: formText(8192),
  token_type_hint: z.string().optional().describe('Ignored'),
  ...clientAuthenticationParameters,
});
type TokenParameters = z.infer<typeof tokenParameters>;

/** The introspection endpoint (RFC 7662 §2). */
@ApiTags('token')
@Controller('oauth')
@UseClientQuota('introspection')
@UseGuards(ClientAuthenticationGuard)
@Public()
export class IntrospectionController {
  constructor(private readonly introspection: IntrospectionService) {}

  @Post('introspect')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Returns the state of an access token (RFC 7662)' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBasicAuth(clientScheme)
  @ApiOkResponse({ standardSchema: introspectionResponse })
  async introspect(
    @AuthenticatedClient() client: Client,
    @Body({ schema: tokenParameters }) { token }: TokenParameters,
  ): Promise<IntrospectionResponse> {
    // "To prevent token scanning attacks, the endpoint MUST also require some form of authorization" (§2.1).
    if (client.isPublic) {
      throw OAuthError.invalidClient('public_client', {
        hint: 'public clients may not introspect',
      });
    }
    return this.introspection.introspect(token, client);
  }
}

/** The revocation endpoint (RFC 7009 §2), for confidential and public clients. */
@ApiTags('token')
@Controller('oauth')
@UseGuards(ClientAuthenticationGuard)
@Public()
export class RevocationController {
  constructor(private readonly revocation: RevocationService) {}

  @Post('revoke')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Ends the session of a refresh or access token (RFC 7009)' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBasicAuth(clientScheme)
  @ApiOkResponse({ description: 'The token is not valid any more, or was never valid' })
  async revoke(
    @AuthenticatedClient() client: Client,
    @Body({ schema: tokenParameters }) { token }: TokenParameters,
  ): Promise<Record<string, never>> {
    await this.revocation.revoke(token, client);
    // "The content of the response body is ignored by the client" (§2.2), and some client libraries parse it as JSON.
    return {};
  }
}
