import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { ClientRepository } from '../../clients/client.repository.js';
import { PageError } from '../../pages/page-error.js';
import { isRegisteredRedirectUri } from '../../clients/redirect-uri.js';
import type { Destination } from './authorization-request.js';
import type { SentParameters } from './authorization-parameters.js';

/** Validates the client and the redirect URI of an authorization request. */
@Injectable()
export class RedirectUriValidator {
  constructor(
    private readonly clients: ClientRepository,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * This check comes first: until it passes, "the authorization server … MUST NOT automatically redirect" (RFC 6749 §4.1.2.1).
   * `redirect_uri` is required even if the client has only one (OpenID Connect Core §3.1.2.1).
   *
   * @throws {PageError} if the client or the redirect URI is not registered
   */
  async validate({ parameters }: SentParameters): Promise<Destination> {
    const { client_id: id = '', redirect_uri: redirectUri = '', state } = parameters;
    const client = await this.clients.findEnabled(id);
    if (!client || !isRegisteredRedirectUri(redirectUri, client))
      throw new PageError('untrustedClient');
    const responseMode = parameters.response_mode === 'form_post' ? 'form_post' : 'query';
    return { client, redirectUri, responseMode, state, issuer: this.config.ISSUER };
  }
}
