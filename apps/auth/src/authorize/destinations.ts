import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { Clients } from '../clients/clients.js';
import { PageError } from '../pages/page-error.js';
import type { Destination } from './authorization-request.js';
import type { SentParameters } from './parameters.js';
import { isRegistered } from './redirect-uri.js';

/** Finds out where the answer to an authorization request may go. */
@Injectable()
export class Destinations {
  constructor(
    private readonly clients: Clients,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  /**
   * Client and redirect URI come first: until they are proven "the authorization server … MUST NOT automatically redirect"
   * (RFC 6749 §4.1.2.1). A redirect URI that is left out is not guessed (OpenID Connect Core §3.1.2.1).
   *
   * @throws {PageError}
   */
  async prove({ parameters }: SentParameters): Promise<Destination> {
    const { client_id: id = '', redirect_uri: redirectUri = '', state } = parameters;
    const client = await this.clients.find(id);
    if (!client || !isRegistered(redirectUri, client)) throw new PageError('untrustedClient');
    const responseMode = parameters.response_mode === 'form_post' ? 'form_post' : 'query';
    return { client, redirectUri, responseMode, state, issuer: this.config.ISSUER };
  }
}
