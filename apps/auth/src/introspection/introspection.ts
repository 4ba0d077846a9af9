import { Injectable } from '@nestjs/common';
import type { Client } from '../clients/client.entity.js';
import type { IssuedToken } from '../issued-tokens/issued-token.js';
import { IssuedTokens } from '../issued-tokens/issued-tokens.js';
import type { IntrospectionResponse } from './introspection-response.js';

/** Tells a resource server what an access token is worth at this moment (RFC 7662). */
@Injectable()
export class Introspection {
  constructor(private readonly issuedTokens: IssuedTokens) {}

  /** Whatever is not active, or not for the one who asks, is one and the same answer (§2.2, §4). */
  async introspect(text: string, client: Client): Promise<IntrospectionResponse> {
    const token = this.issuedTokens.read(text);
    if (!token || !mayKnow(client, token) || !(await this.issuedTokens.isAlive(token))) {
      return { active: false };
    }
    const { may_act, ...claims } = token;
    return { active: true, token_type: claims.cnf?.jkt ? 'DPoP' : 'Bearer', ...claims };
  }
}

/** Whom a token is for, and whom it was given to. Others would only be collecting (§2.1). */
const mayKnow = (client: Client, { aud, client_id }: IssuedToken): boolean =>
  aud === client.resourceServer || client_id === client.id;
