import { omitEmptyParameters } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { AccountRepository } from '../accounts/account.repository.js';
import type { Client } from '../clients/client.entity.js';
import { ClientRepository } from '../clients/client.repository.js';
import type { RefusedParameter } from '../pages/error-page.js';
import { describeRefusal } from '../platform/oauth-error.filter.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import type { BrowserSession } from '../sessions/browser-session.entity.js';
import { computeSubject, type IdTokenClaims, IdTokenService } from '../tokens/id-token.service.js';

/** All parameters are optional. A value that is too long cannot be valid, so it counts as no value. */
const optionalText = (max: number) =>
  z
    .string()
    .transform((text) => (text.length <= max ? text.trim() : undefined))
    .optional();

/** A hint that is sent twice counts as no hint as well. */
const hint = (max: number) => optionalText(max).catch(undefined);

/** OpenID Connect RP-Initiated Logout §2. `logout_hint` is ignored, because a browser has only one session. */
const parametersSchema = z.object({
  id_token_hint: hint(9000),
  client_id: optionalText(64),
  post_logout_redirect_uri: optionalText(2000),
  state: z.string().max(4096).optional(),
  ui_locales: hint(500),
});

/** All parameters are optional, so an empty request is valid. */
export const logoutParameters = z.preprocess(omitEmptyParameters, parametersSchema.default({}));
export type LogoutParameters = z.infer<typeof logoutParameters>;

/** The parameters in the confirmation form. The server validated them before it rendered the form, and validates them again. */
export const confirmedParameters = parametersSchema.pick({
  client_id: true,
  post_logout_redirect_uri: true,
  state: true,
});
export type ConfirmedParameters = z.infer<typeof confirmedParameters>;

/** The result of the checks on a logout request. */
export interface LogoutRequest {
  /**
   * True if all parameters are valid and `id_token_hint` is an ID token of the user of this browser session. Otherwise the
   * user must confirm the logout.
   */
  readonly canSkipConfirmation: boolean;
  /** The client that sent the request, if it is known. */
  readonly client: Client | undefined;
  /** The registered URI to which the browser returns after the logout. */
  readonly returnTo: string | undefined;
  /** Why the browser does not return to the requested URI. */
  readonly refused: RefusedReturn | undefined;
}

/** The parameter because of which the user stays at this server. */
export interface RefusedReturn extends RefusedParameter {
  readonly name: 'post_logout_redirect_uri' | 'client_id' | 'id_token_hint';
}

/** The client that sent the request, and the claims of its `id_token_hint`; otherwise the parameter that names no client. */
type RequestingClient =
  | { readonly kind: 'known'; readonly client: Client; readonly hint?: IdTokenClaims | undefined }
  | { readonly kind: 'unknown'; readonly parameter: 'client_id' | 'id_token_hint' };

/** Evaluates logout requests (OpenID Connect RP-Initiated Logout §2, §3). */
@Injectable()
export class LogoutRequestService {
  constructor(
    private readonly idTokens: IdTokenService,
    private readonly clients: ClientRepository,
    private readonly accounts: AccountRepository,
    private readonly events: SecurityEventService,
  ) {}

  async evaluate(
    parameters: LogoutParameters,
    session: BrowserSession | undefined,
  ): Promise<LogoutRequest> {
    const requesting = await this.identifyClient(parameters);
    const refused = await this.checkReturn(parameters, requesting);
    const { post_logout_redirect_uri: uri, state } = parameters;
    const returnTo = uri === undefined || refused ? undefined : appendState(uri, state);
    if (requesting.kind === 'unknown')
      return { canSkipConfirmation: false, client: undefined, returnTo, refused };
    const canSkipConfirmation = !refused && (await this.isHintForSession(session, requesting));
    return { canSkipConfirmation, client: requesting.client, returnTo, refused };
  }

  /** "The value MUST have been previously registered with the OP": compared character by character. A refusal is recorded. */
  private async checkReturn(
    { post_logout_redirect_uri: presented, client_id: clientId }: LogoutParameters,
    requesting: RequestingClient,
  ): Promise<RefusedReturn | undefined> {
    if (presented === undefined) return undefined;
    if (requesting.kind === 'unknown') {
      await this.recordRefusal(requesting.parameter, describeRefusal({ presented }, clientId));
      return { name: requesting.parameter };
    }
    const { id, postLogoutRedirectUris: registered } = requesting.client;
    if (registered.includes(presented)) return undefined;
    const name = 'post_logout_redirect_uri';
    const values = { presented, expected: registered.join(' ') };
    await this.recordRefusal(name, describeRefusal(values, id));
    return { name, presented, registered };
  }

  private async recordRefusal(
    check: string,
    values: ReturnType<typeof describeRefusal>,
  ): Promise<void> {
    await this.events.record({
      type: 'authorization.refused',
      endpoint: '/oauth/logout',
      error: 'invalid_request',
      check,
      ...values,
    });
  }

  private async identifyClient(parameters: LogoutParameters): Promise<RequestingClient> {
    const { id_token_hint: text, client_id: clientId } = parameters;
    const hint = text === undefined ? undefined : this.idTokens.verifyHint(text);
    if (!hint || hint.kind === 'unverifiable') return this.findClient('client_id', clientId ?? '');

    // A forged hint comes from an attacker, so the rest of the request is ignored as well.
    if (hint.kind === 'forged') return { kind: 'unknown', parameter: 'id_token_hint' };

    // "When both … are present, the OP MUST verify that the Client Identifier matches the one used when issuing the ID Token."
    const { claims } = hint;
    return clientId === undefined || clientId === claims.aud
      ? this.findClient('id_token_hint', claims.aud, claims)
      : { kind: 'unknown', parameter: 'id_token_hint' };
  }

  private async findClient(
    parameter: 'client_id' | 'id_token_hint',
    id: string,
    hint?: IdTokenClaims,
  ): Promise<RequestingClient> {
    const client = await this.clients.findEnabled(id);
    return client ? { kind: 'known', client, hint } : { kind: 'unknown', parameter };
  }

  private async isHintForSession(
    session: BrowserSession | undefined,
    { client, hint }: Extract<RequestingClient, { kind: 'known' }>,
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
