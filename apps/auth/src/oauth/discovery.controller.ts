import { Public } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { Controller, Get, Header, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { SigningKeyService } from '../tokens/keys/signing-key.service.js';
import { ResourceServerService } from '../clients/resource-server.service.js';
import { buildServerMetadata } from './server-metadata.js';

/** Publishes the server metadata, from which clients learn endpoints and supported features. */
@ApiTags('discovery')
@Controller('.well-known')
@Public()
export class DiscoveryController {
  private readonly metadata: object;
  private readonly issuerPath: string;

  constructor(
    @Inject(AUTH_CONFIG) config: AuthConfig,
    resourceServers: ResourceServerService,
    keys: SigningKeyService,
  ) {
    const idTokenAlgorithms = keys.algorithms;
    this.metadata = buildServerMetadata({ config, resourceServers, idTokenAlgorithms });
    this.issuerPath = new URL(config.ISSUER).pathname.replace(/\/$/, '');
  }

  @Get('openid-configuration')
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({ summary: 'What this server can do (OpenID Connect Discovery §4)' })
  describeProvider() {
    return this.metadata;
  }

  @Get('oauth-authorization-server')
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({ summary: 'The same (RFC 8414 §3)' })
  describe() {
    return this.metadata;
  }

  /** RFC 8414 §3.1 inserts the well-known name before the path of the issuer, so the request path ends with that path. */
  @Get('oauth-authorization-server/*')
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({ summary: 'The same, of an issuer with a path (RFC 8414 §3.1)' })
  describeAtPath(@Param('*') path: string) {
    if (`/${path}` !== this.issuerPath) throw new Problem(404);
    return this.metadata;
  }
}
