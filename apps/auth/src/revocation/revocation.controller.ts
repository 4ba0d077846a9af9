import { Public } from '@gatehouse/guards';
import { clientScheme } from '@gatehouse/service-kit';
import { Body, Controller, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBasicAuth, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  AuthenticatedClient,
  ClientAuthenticationGuard,
} from '../clients/client-authentication.guard.js';
import { Client } from '../clients/client.entity.js';
import { Revocation } from './revocation.js';
import { type RevocationParameters, revocationParameters } from './revocation-parameters.js';

/** The revocation endpoint (RFC 7009 §2). Public clients may use it: they have sessions to end as well. */
@ApiTags('token')
@Controller('oauth')
@UseGuards(ClientAuthenticationGuard)
@Public()
export class RevocationController {
  constructor(private readonly revocation: Revocation) {}

  @Post('revoke')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Ends the session of a refresh or access token (RFC 7009)' })
  @ApiConsumes('application/x-www-form-urlencoded')
  @ApiBasicAuth(clientScheme)
  @ApiOkResponse({ description: 'The token is worth nothing now, or never was' })
  async revoke(
    @AuthenticatedClient() client: Client,
    @Body({ schema: revocationParameters }) { token }: RevocationParameters,
  ): Promise<void> {
    await this.revocation.revoke(token, client);
  }
}
