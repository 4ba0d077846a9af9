import { Injectable } from '@nestjs/common';
import { AccountRepository } from '../accounts/account.repository.js';
import { ConsentService } from '../sessions/consent.service.js';
import { InteractionService } from './interaction.service.js';
import { type ClientInfo, ClientInfoService } from './client-info.service.js';
import { buildContinueUrl } from './page.js';
import { PageError } from './page-error.js';
import type { PageContext } from './page-context.js';

/** What a person is asked before a client is answered. */
export interface ConsentPageState {
  readonly client: ClientInfo;
  /** Of the person who is asked. */
  readonly email: string;
  /** What the client would be allowed. */
  readonly scope: readonly string[];
}

/** Asks people, and takes down what they say. What is allowed stands in the sealed request, and not in the form. */
@Injectable()
export class ConsentPageService {
  constructor(
    private readonly clientInfo: ClientInfoService,
    private readonly consents: ConsentService,
    private readonly accounts: AccountRepository,
    private readonly interactions: InteractionService,
  ) {}

  /**
   * @returns nothing where nobody is logged in who could be asked
   * @throws {PageError} where nobody asks for anything
   */
  async findState({
    interaction,
    browserSession: session,
  }: PageContext): Promise<ConsentPageState | undefined> {
    const requester = await this.clientInfo.find(interaction);
    if (!interaction || !requester) throw new PageError('invalidRequest');
    const account = session && (await this.accounts.find(session.accountId));
    return account
      ? { client: requester, email: account.email, scope: interaction.asked }
      : undefined;
  }

  /**
   * @returns where it goes on: there the request is looked at again, with what was said
   * @throws {PageError} where nobody asks for anything, or could be asked
   */
  async recordDecision(visitor: PageContext, decision: 'allow' | 'deny'): Promise<string> {
    const { interaction, browserSession: session } = visitor;
    const question = await this.findState(visitor);
    if (!question || !interaction || !session) throw new PageError('invalidRequest');
    if (decision === 'deny') {
      return buildContinueUrl(
        visitor,
        this.interactions.createTicket({ ...interaction, denied: true }),
      );
    }
    const { accountId: consented } = session;
    await this.consents.grant(consented, question.client.clientId, question.scope);
    return buildContinueUrl(visitor, this.interactions.createTicket({ ...interaction, consented }));
  }
}
