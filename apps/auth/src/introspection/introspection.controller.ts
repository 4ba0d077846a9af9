import { Public } from '@gatehouse/guards';
import { clientScheme } from '@gatehouse/service-kit';
import { Body, Controller, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBasicAuth, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  AuthenticatedClient,
  ClientAuthenticationGuard,
  CountedAs,
} from '../clients/client-authentication.guard.js';
import { Client } from '../clients/client.entity.js';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import { Introspection } from './introspection.js';
import {
  type IntrospectionParameters,
  introspectionParameters,
} from './introspection-parameters.js';
import { type IntrospectionResponse, introspectionResponse } from './introspection-response.js';

/** The introspection endpoint (RFC 7662 §2). */
@ApiTags('token')
@Controller('oauth')
@CountedAs('introspection')
@UseGuards(ClientAuthenticationGuard)
@Public()
export class IntrospectionController {
  constructor(private readonly introspection: Introspection) {}

  @Post('introspect')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Tells what an access token is worth now (RFC 7662)' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBasicAuth(clientScheme)
  @ApiOkResponse({ standardSchema: introspectionResponse })
  async introspect(
    @AuthenticatedClient() client: Client,
    @Body({ schema: introspectionParameters }) { token }: IntrospectionParameters,
  ): Promise<IntrospectionResponse> {
    // "To prevent token scanning attacks, the endpoint MUST also require some form of authorization" (§2.1).
    if (client.isPublic) throw OAuthError.invalidClient('public clients may not introspect');
    return this.introspection.introspect(token, client);
  }
}
