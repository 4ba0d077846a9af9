import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Client } from '../clients/client.entity.js';
import { accessTokenClaims, type AccessTokenClaims } from '../tokens/access-token-claims.js';
import { AccessTokenVerifier } from '../tokens/access-token-verifier.js';

/** What a token is worth (RFC 7662 §2.2). "If the token is not active … the server SHOULD NOT include any additional information". */
export const introspectionResponse = z.discriminatedUnion('active', [
  z.object({ active: z.literal(false) }),
  z.object({
    active: z.literal(true),
    token_type: z.enum(['Bearer', 'DPoP']),
    ...accessTokenClaims.omit({ may_act: true }).shape,
  }),
]);
export type IntrospectionResponse = Readonly<z.infer<typeof introspectionResponse>>;

/** Tells a resource server what an access token is worth at this moment (RFC 7662). */
@Injectable()
export class IntrospectionService {
  constructor(private readonly accessTokenVerifier: AccessTokenVerifier) {}

  /** Whatever is not active, or not for the one who asks, is one and the same answer (§2.2, §4). */
  async introspect(text: string, client: Client): Promise<IntrospectionResponse> {
    const token = this.accessTokenVerifier.verify(text);
    if (
      !token ||
      !canIntrospect(client, token) ||
      !(await this.accessTokenVerifier.isActive(token))
    ) {
      return { active: false };
    }
    const { may_act, ...claims } = token;
    return { active: true, token_type: claims.cnf?.jkt ? 'DPoP' : 'Bearer', ...claims };
  }
}

/** Whom a token is for, and whom it was given to. Others would only be collecting (§2.1). */
const canIntrospect = (client: Client, { aud, client_id }: AccessTokenClaims): boolean =>
  aud === client.resourceServer || client_id === client.id;
