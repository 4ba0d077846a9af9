import { Public } from '@gatehouse/guards';
import { clientScheme } from '@gatehouse/service-kit';
import { Body, Controller, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBasicAuth, ApiConsumes, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  AuthenticatedClient,
  ClientAuthenticationGuard,
} from '../clients/client-authentication.guard.js';
import { Client } from '../clients/client.entity.js';
import { clientAuthenticationParameters } from '../clients/presented-credentials.js';
import { formText } from '../platform/request-text.js';
import { RevocationService } from './revocation.service.js';

/** RFC 7009 §2.1. The format tells access and refresh tokens apart, so the hint has no effect. */
export const revocationParameters = z.object({
  token: formText(8192),
  token_type_hint: z.string().optional().describe('Not looked at'),
  ...clientAuthenticationParameters,
});
export type RevocationParameters = z.infer<typeof revocationParameters>;

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
  @ApiOkResponse({ description: 'The token is worth nothing now, or never was' })
  async revoke(
    @AuthenticatedClient() client: Client,
    @Body({ schema: revocationParameters }) { token }: RevocationParameters,
  ): Promise<Record<string, never>> {
    await this.revocation.revoke(token, client);
    // "The content of the response body is ignored by the client" (§2.2), and some client libraries parse it as JSON.
    return {};
  }
}
