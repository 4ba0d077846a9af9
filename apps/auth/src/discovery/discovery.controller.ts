import { Public } from '@gatehouse/guards';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { AUTH_METHODS, GRANT_TYPES } from '../clients/client.entity.js';
import { ResourceServers } from '../resource-servers/resource-servers.js';

/** Authorization server metadata (RFC 8414 §2): what exists, and nothing else. */
@ApiTags('discovery')
@Controller('.well-known/oauth-authorization-server')
@Public()
export class DiscoveryController {
  private readonly metadata: object;

  constructor(@Inject(AUTH_CONFIG) config: AuthConfig, resourceServers: ResourceServers) {
    const at = (path: string) => `${config.ISSUER.replace(/\/$/, '')}${path}`;
    this.metadata = {
      issuer: config.ISSUER,
      token_endpoint: at('/oauth/token'),
      token_endpoint_auth_methods_supported: AUTH_METHODS,
      jwks_uri: at('/.well-known/jwks.json'),
      grant_types_supported: GRANT_TYPES,
      // Required by RFC 8414, and empty as long as there is no authorization endpoint.
      response_types_supported: [],
      scopes_supported: resourceServers.scopes,
      protected_resources: resourceServers.identifiers,
      service_documentation: at('/docs'),
      ...(config.STATUS_LISTS && {
        // Token Status List §9.1.
        status_list_aggregation_endpoint: at('/oauth/status-lists'),
      }),
    };
  }

  @Get()
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({ summary: 'What this server can do (RFC 8414)' })
  describe() {
    return this.metadata;
  }
}
