import { Injectable } from '@nestjs/common';
import { AccountRepository } from '../accounts/account.repository.js';
import { ResourceServerService } from '../clients/resource-server.service.js';
import { ConsentService } from '../sessions/consent.service.js';
import { type ClientInfo, ClientInfoService, InteractionService } from './interaction.service.js';
import type { PageContext } from './page-context.js';
import { PageError } from './page-error.filter.js';
import { buildContinueUrl } from './page.js';

export interface ConsentPageState {
  readonly client: ClientInfo;
  /** Of the user's account. */
  readonly email: string;
  /** The scopes that the user allows or denies. */
  readonly scope: readonly string[];
}

/** Records consent. The scopes come from the signed ticket and not from the form, so the user consents to the request itself. */
@Injectable()
export class ConsentPageService {
  constructor(
    private readonly clientInfo: ClientInfoService,
    private readonly consents: ConsentService,
    private readonly accounts: AccountRepository,
    private readonly interactions: InteractionService,
    private readonly resourceServers: ResourceServerService,
  ) {}

  /**
   * @returns `undefined` if the user cannot consent: without a login, or because the registration of the client or the roles of the
   * account changed. The authorization endpoint judges the request again and names the reason.
   * @throws {PageError} `invalidRequest` without an authorization request
   */
  async findState({
    interaction,
    browserSession,
  }: PageContext): Promise<ConsentPageState | undefined> {
    if (!interaction) throw new PageError('invalidRequest');
    const client = await this.clientInfo.find(interaction);
    if (!client) return undefined;
    const account = browserSession && (await this.accounts.find(browserSession.accountId));
    if (!account) return undefined;
    const scope = await this.resourceServers.limitToRoles(account.id, interaction.asked);
    return scope.length > 0 ? { client, email: account.email, scope } : undefined;
  }

  /**
   * @returns the URL where the authorization request continues with the decision
   * @throws {PageError} `invalidRequest` without an authorization request
   */
  async recordDecision(context: PageContext, decision: 'allow' | 'deny'): Promise<string> {
    const { interaction, browserSession } = context;
    if (!interaction) throw new PageError('invalidRequest');
    if (decision === 'deny') {
      return buildContinueUrl(
        context,
        this.interactions.createTicket({ ...interaction, denied: true }),
      );
    }
    const state = await this.findState(context);
    if (!state || !browserSession) return buildContinueUrl(context, context.ticket);
    const { accountId: consented } = browserSession;
    await this.consents.grant(consented, state.client.clientId, state.scope);
    return buildContinueUrl(context, this.interactions.createTicket({ ...interaction, consented }));
  }
}
