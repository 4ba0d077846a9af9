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
   * @returns `undefined` if the user is not logged in, or the account's roles allow nothing of the scope
   * @throws {PageError} `invalidRequest` without an authorization request of an enabled client
   */
  async findState({
    interaction,
    browserSession,
  }: PageContext): Promise<ConsentPageState | undefined> {
    const client = await this.clientInfo.find(interaction);
    if (!interaction || !client) throw new PageError('invalidRequest');
    const account = browserSession && (await this.accounts.find(browserSession.accountId));
    if (!account) return undefined;
    const scope = await this.resourceServers.limitToRoles(account.id, interaction.asked);
    return scope.length > 0 ? { client, email: account.email, scope } : undefined;
  }

  /**
   * @returns the URL where the authorization request continues with the decision
   * @throws {PageError} `invalidRequest` without an authorization request or without a logged-in user
   */
  async recordDecision(context: PageContext, decision: 'allow' | 'deny'): Promise<string> {
    const { interaction, browserSession } = context;
    const state = await this.findState(context);
    if (!state || !interaction || !browserSession) throw new PageError('invalidRequest');
    if (decision === 'deny') {
      return buildContinueUrl(
        context,
        this.interactions.createTicket({ ...interaction, denied: true }),
      );
    }
    const { accountId: consented } = browserSession;
    await this.consents.grant(consented, state.client.clientId, state.scope);
    return buildContinueUrl(context, this.interactions.createTicket({ ...interaction, consented }));
  }
}
