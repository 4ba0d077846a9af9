import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Client } from '../clients/client.entity.js';
import { ClientRepository } from '../clients/client.repository.js';
import { SessionService } from '../sessions/session.service.js';
import {
  accessTokenClaims,
  type AccessTokenClaims,
  hasAudience,
} from '../tokens/access-token.service.js';
import { AccessTokenVerifier } from '../tokens/access-token-verifier.js';

/** RFC 7662 §2.2. "If the token is not active … the server SHOULD NOT include any additional information". */
export const introspectionResponse = z.discriminatedUnion('active', [
  z.object({ active: z.literal(false) }),
  z.object({
    active: z.literal(true),
    token_type: z.enum(['Bearer', 'DPoP']),
    ...accessTokenClaims.omit({ may_act: true }).shape,
  }),
]);
export type IntrospectionResponse = Readonly<z.infer<typeof introspectionResponse>>;

/** Tells a resource server whether an access token is active, and its claims (RFC 7662). */
@Injectable()
export class IntrospectionService {
  constructor(
    private readonly accessTokenVerifier: AccessTokenVerifier,
    private readonly sessions: SessionService,
    private readonly clients: ClientRepository,
  ) {}

  /** The answer for an inactive token equals the answer for a token that the caller may not introspect (§2.2, §4). */
  async introspect(text: string, client: Client): Promise<IntrospectionResponse> {
    const token = this.accessTokenVerifier.verify(text);
    if (!token || !canIntrospect(client, token) || !(await this.isActive(token))) {
      return { active: false };
    }
    const { may_act, ...claims } = token;
    return { active: true, token_type: claims.cnf?.jkt ? 'DPoP' : 'Bearer', ...claims };
  }

  /** Checks the session of the token in the database, or the client if the token has no session. */
  private async isActive({ sub, sid, client_id: clientId }: AccessTokenClaims): Promise<boolean> {
    if (sid !== undefined) return this.sessions.isActive(sub, sid);
    return (await this.clients.findEnabled(clientId)) !== undefined;
  }
}

/** Only the resource server in `aud` and the client that received the token may introspect it (§2.1). */
const canIntrospect = (client: Client, token: AccessTokenClaims): boolean =>
  hasAudience(token, client.resourceServer) || token.client_id === client.id;
