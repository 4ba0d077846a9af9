import {
  Controller,
  Get,
  Header,
  Inject,
  NotFoundException,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import { parseHttpUrl } from '../core/urls.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { AccessRules } from './access-rules.js';
import { Public } from './decorators.js';

/** RFC 9728 §2. */
export interface ProtectedResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported: readonly string[];
  readonly bearer_methods_supported: readonly ['header'];
  readonly dpop_signing_alg_values_supported?: readonly string[];
  readonly dpop_bound_access_tokens_required?: boolean;
}

/** Publishes the authorization servers and scopes of this resource server (RFC 9728). */
@Public()
@Controller({ version: VERSION_NEUTRAL })
export class ProtectedResourceController {
  constructor(
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
    private readonly rules: AccessRules,
  ) {}

  @Get('.well-known/oauth-protected-resource')
  @Header('Cache-Control', 'public, max-age=300')
  metadata(): ProtectedResourceMetadata {
    const { audience, issuers, servesResourceMetadata, dpop } = this.options;
    if (!servesResourceMetadata || !parseHttpUrl(audience)) throw new NotFoundException();
    return {
      resource: audience,
      authorization_servers: issuers.map(({ issuer }) => issuer),
      scopes_supported: this.rules.scopes(),
      bearer_methods_supported: ['header'],
      ...(dpop && {
        dpop_signing_alg_values_supported: dpop.algorithms,
        dpop_bound_access_tokens_required: issuers.every(({ requiresDpop }) => requiresDpop),
      }),
    };
  }
}
