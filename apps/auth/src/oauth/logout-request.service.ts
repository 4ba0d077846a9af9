import { omitEmptyParameters } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AccountRepository } from '../accounts/account.repository.js';
import type { Client } from '../clients/client.entity.js';
import { ClientRepository } from '../clients/client.repository.js';
import type { BrowserSession } from '../sessions/browser-session.entity.js';
import type { IdTokenClaims } from '../tokens/id-token-claims.js';
import { IdTokenService } from '../tokens/id-token.service.js';
import { computeSubject } from '../tokens/subject-identifier.js';

/** OpenID Connect RP-Initiated Logout §2. `logout_hint` is ignored: a browser has one session, and its person is asked. */
const parametersSchema = z.object({
  id_token_hint: z.string().max(4500).optional(),
  client_id: z
    .string()
    .regex(/^[\x21-\x7e]{1,64}$/)
    .optional(),
  post_logout_redirect_uri: z.string().max(2000).optional(),
  state: z.string().max(2000).optional(),
  ui_locales: z.string().max(500).optional(),
});

/** There may be none at all. */
export const logoutParameters = z.preprocess(omitEmptyParameters, parametersSchema.default({}));
export type LogoutParameters = z.infer<typeof logoutParameters>;

/** What the form that asks the person carries on: it was proven, and is again. */
export const confirmedParameters = parametersSchema.pick({
  client_id: true,
  post_logout_redirect_uri: true,
  state: true,
});
export type ConfirmedParameters = z.infer<typeof confirmedParameters>;

/** What a request to log somebody out is worth. */
export interface LogoutRequest {
  /** Nothing is wrong with it, and it comes from a client that this very person logged in to. Others ask the person first. */
  readonly canSkipConfirmation: boolean;
  /** Who asks, as far as that is known. */
  readonly client: Client | undefined;
  /** Where the client may have the person sent. */
  readonly returnTo: string | undefined;
}

/** The client that asks, and its ID token where it sent one. */
interface RequestingClient {
  readonly client: Client;
  readonly hint?: IdTokenClaims;
}

/** Reads logout requests (OpenID Connect RP-Initiated Logout §2, §3). */
@Injectable()
export class LogoutRequestService {
  constructor(
    private readonly idTokens: IdTokenService,
    private readonly clients: ClientRepository,
    private readonly accounts: AccountRepository,
  ) {}

  async evaluate(
    parameters: LogoutParameters,
    session: BrowserSession | undefined,
  ): Promise<LogoutRequest> {
    const asking = await this.identifyClient(parameters);
    if (!asking) return { canSkipConfirmation: false, client: undefined, returnTo: undefined };
    const { client } = asking;

    // "The value MUST have been previously registered with the OP": the same text, to the character.
    const { post_logout_redirect_uri: uri, state } = parameters;
    const isRegistered = uri !== undefined && client.postLogoutRedirectUris.includes(uri);
    const returnTo = isRegistered ? appendState(uri, state) : undefined;
    const isRight = isRegistered || uri === undefined;
    return {
      canSkipConfirmation: isRight && (await this.isHintForSession(session, asking)),
      client,
      returnTo,
    };
  }

  private async identifyClient(
    parameters: LogoutParameters,
  ): Promise<RequestingClient | undefined> {
    const { id_token_hint: text, client_id: clientId } = parameters;
    if (text === undefined) return this.findClient(clientId ?? '');

    // A hint that is not right is worse than none: nothing else in the request is believed.
    const hint = this.idTokens.verifyHint(text);
    if (!hint) return undefined;

    // "When both … are present, the OP MUST verify that the Client Identifier matches the one used when issuing the ID Token."
    return clientId === undefined || clientId === hint.aud
      ? this.findClient(hint.aud, hint)
      : undefined;
  }

  private async findClient(
    id: string,
    hint?: IdTokenClaims,
  ): Promise<RequestingClient | undefined> {
    const client = await this.clients.findEnabled(id);
    return client && { client, ...(hint && { hint }) };
  }

  private async isHintForSession(
    session: BrowserSession | undefined,
    { client, hint }: RequestingClient,
  ): Promise<boolean> {
    const account = session && (await this.accounts.find(session.accountId));
    return !!account && hint?.sub === computeSubject(account, client);
  }
}

/** "… the OP MUST pass this value back to the RP using the state parameter". */
function appendState(uri: string, state: string | undefined): string {
  if (state === undefined) return uri;
  const url = new URL(uri);
  url.searchParams.append('state', state);
  return url.href;
}
