import { Public } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { Controller, Get, Header, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { RegistrationService } from '../accounts/registration.service.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { ASSERTION_ALGORITHMS } from '../clients/registered-credentials.js';
import { AUTH_METHODS, SUBJECT_TYPES } from '../clients/client.entity.js';
import { ResourceServerService } from '../clients/resource-server.service.js';
import { UI_LOCALES } from '../pages/texts/language.js';
import { PROOF_ALGORITHMS } from '../tokens/dpop.policy.js';
import { ACR } from '../tokens/id-token.service.js';
import { SigningKeyService } from '../tokens/keys/signing-key.service.js';
import { USER_CLAIMS } from '../tokens/standard-claims.js';
import { STATUS_LISTS_PATH } from '../tokens/status-lists/status-list.service.js';
import { PROMPTS, RESPONSE_MODES } from './authorize/authorization-request.js';
import { SERVED_GRANTS } from './token/token.schema.js';

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
    { isOpen: canRegister }: RegistrationService,
  ) {
    const idTokenAlgorithms = keys.algorithms;
    const sources = { config, resourceServers, idTokenAlgorithms, canRegister };
    this.metadata = buildServerMetadata(sources);
    this.issuerPath = new URL(config.ISSUER).pathname.replace(/\/$/, '');
  }

  @Get('openid-configuration')
  @Header('Cache-Control', 'public, max-age=300')
  @ApiOperation({ summary: 'The metadata of this server (OpenID Connect Discovery §4)' })
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

/** Protocol claims of ID tokens, without the claims about the user (OpenID Connect Core §2). */
const ID_TOKEN_CLAIMS = ['iss', 'aud', 'exp', 'iat', 'auth_time', 'nonce', 'acr', 'amr', 'sid'];

interface MetadataSources {
  readonly config: AuthConfig;
  readonly resourceServers: Pick<ResourceServerService, 'identifiers' | 'advertisedScopes'>;
  readonly idTokenAlgorithms: readonly string[];
  /** Whether every user may register. */
  readonly canRegister: boolean;
}

/**
 * One document for RFC 8414 §2 and OpenID Connect Discovery §3, because each allows the members of the other. It lists only
 * what this server supports.
 */
export function buildServerMetadata({
  config,
  resourceServers,
  idTokenAlgorithms,
  canRegister,
}: MetadataSources): object {
  const toUrl = (path: string) => `${config.ISSUER.replace(/\/$/, '')}${path}`;
  return {
    issuer: config.ISSUER,
    authorization_endpoint: toUrl('/oauth/authorize'),
    token_endpoint: toUrl('/oauth/token'),
    userinfo_endpoint: toUrl('/userinfo'),
    revocation_endpoint: toUrl('/oauth/revoke'),
    introspection_endpoint: toUrl('/oauth/introspect'),
    end_session_endpoint: toUrl('/oauth/logout'),
    jwks_uri: toUrl('/.well-known/jwks.json'),
    service_documentation: toUrl('/docs'),
    // Token Status List §9.1.
    ...(config.STATUS_LISTS && { status_list_aggregation_endpoint: toUrl(STATUS_LISTS_PATH) }),
    ...AUTHORIZATION_METADATA,
    ...CLIENT_AUTHENTICATION_METADATA,
    prompt_values_supported: PROMPTS.filter((prompt) => canRegister || prompt !== 'create'),
    // Member of RFC 9449 §5.1.
    dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
    grant_types_supported: SERVED_GRANTS,
    scopes_supported: resourceServers.advertisedScopes,
    protected_resources: resourceServers.identifiers,
    id_token_signing_alg_values_supported: idTokenAlgorithms,
  };
}

const AUTHORIZATION_METADATA = {
  response_types_supported: ['code'],
  response_modes_supported: RESPONSE_MODES,
  code_challenge_methods_supported: ['S256'],
  authorization_response_iss_parameter_supported: true,
  acr_values_supported: [ACR],
  ui_locales_supported: UI_LOCALES,
  subject_types_supported: SUBJECT_TYPES,
  claim_types_supported: ['normal'],
  claims_supported: ['sub', ...USER_CLAIMS, ...ID_TOKEN_CLAIMS],
  claims_parameter_supported: true,
  // OpenID Connect Back-Channel Logout §2.1.
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
  request_parameter_supported: false,
  // "If omitted, the default value is true" (OpenID Connect Discovery §3).
  request_uri_parameter_supported: false,
};

const CLIENT_AUTHENTICATION_METADATA = {
  token_endpoint_auth_methods_supported: AUTH_METHODS,
  token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
  revocation_endpoint_auth_methods_supported: AUTH_METHODS,
  revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
  introspection_endpoint_auth_methods_supported: AUTH_METHODS.filter((name) => name !== 'none'),
  introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
};
