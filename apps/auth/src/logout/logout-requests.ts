import { Injectable } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.js';
import type { BrowserSession } from '../browser-sessions/browser-session.entity.js';
import type { Client } from '../clients/client.entity.js';
import { Clients } from '../clients/clients.js';
import { type IdTokenClaims } from '../id-tokens/id-token-hint.js';
import { IdTokens } from '../id-tokens/id-tokens.js';
import { subjectOf } from '../id-tokens/subject.js';
import type { LogoutParameters } from './logout-parameters.js';

/** What a request to log somebody out is worth. */
export interface LogoutRequest {
  /** Nothing is wrong with it, and it comes from a client that this very person logged in to. Others ask the person first. */
  readonly isProven: boolean;
  /** Who asks, as far as that is known. */
  readonly client: Client | undefined;
  /** Where the client may have the person sent. */
  readonly returnTo: string | undefined;
}

/** The client that asks, and its ID token where it sent one. */
interface Asking {
  readonly client: Client;
  readonly hint?: IdTokenClaims;
}

/** Reads logout requests (OpenID Connect RP-Initiated Logout §2, §3). */
@Injectable()
export class LogoutRequests {
  constructor(
    private readonly idTokens: IdTokens,
    private readonly clients: Clients,
    private readonly accounts: Accounts,
  ) {}

  async read(
    parameters: LogoutParameters,
    session: BrowserSession | undefined,
  ): Promise<LogoutRequest> {
    const asking = await this.whoAsks(parameters);
    if (!asking) return { isProven: false, client: undefined, returnTo: undefined };
    const { client } = asking;

    // "The value MUST have been previously registered with the OP": the same text, to the character.
    const { post_logout_redirect_uri: uri, state } = parameters;
    const isRegistered = uri !== undefined && client.postLogoutRedirectUris.includes(uri);
    const returnTo = isRegistered ? withState(uri, state) : undefined;
    const isRight = isRegistered || uri === undefined;
    return { isProven: isRight && (await this.isAbout(session, asking)), client, returnTo };
  }

  private async whoAsks(parameters: LogoutParameters): Promise<Asking | undefined> {
    const { id_token_hint: text, client_id: clientId } = parameters;
    if (text === undefined) return this.known(clientId ?? '');

    // A hint that is not right is worse than none: nothing else in the request is believed.
    const hint = this.idTokens.verifyHint(text);
    if (!hint) return undefined;

    // "When both … are present, the OP MUST verify that the Client Identifier matches the one used when issuing the ID Token."
    return clientId === undefined || clientId === hint.aud ? this.known(hint.aud, hint) : undefined;
  }

  private async known(id: string, hint?: IdTokenClaims): Promise<Asking | undefined> {
    const client = await this.clients.find(id);
    return client && { client, ...(hint && { hint }) };
  }

  private async isAbout(
    session: BrowserSession | undefined,
    { client, hint }: Asking,
  ): Promise<boolean> {
    const account = session && (await this.accounts.find(session.accountId));
    return !!account && hint?.sub === subjectOf(account, client);
  }
}

/** "… the OP MUST pass this value back to the RP using the state parameter". */
function withState(uri: string, state: string | undefined): string {
  if (state === undefined) return uri;
  const url = new URL(uri);
  url.searchParams.append('state', state);
  return url.href;
}
