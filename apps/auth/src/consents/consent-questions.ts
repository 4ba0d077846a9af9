import { Injectable } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.js';
import { Interactions } from '../interactions/interactions.js';
import { type Requester, Requesters } from '../interactions/requesters.js';
import { continuation } from '../pages/page.js';
import { PageError } from '../pages/page-error.js';
import type { Visitor } from '../pages/visitor.js';
import { Consents } from './consents.js';

/** What a person is asked before a client is answered. */
export interface ConsentQuestion {
  readonly requester: Requester;
  /** Of the person who is asked. */
  readonly email: string;
  /** What the client would be allowed. */
  readonly scope: readonly string[];
}

/** Asks people, and takes down what they say. What is allowed stands in the sealed request, and not in the form. */
@Injectable()
export class ConsentQuestions {
  constructor(
    private readonly requesters: Requesters,
    private readonly consents: Consents,
    private readonly accounts: Accounts,
    private readonly interactions: Interactions,
  ) {}

  /**
   * @returns nothing where nobody is logged in who could be asked
   * @throws {PageError} where nobody asks for anything
   */
  async of({ interaction, session }: Visitor): Promise<ConsentQuestion | undefined> {
    const requester = await this.requesters.of(interaction);
    if (!interaction || !requester) throw new PageError('invalidRequest');
    const account = session && (await this.accounts.find(session.accountId));
    return account ? { requester, email: account.email, scope: interaction.asked } : undefined;
  }

  /**
   * @returns where it goes on: there the request is looked at again, with what was said
   * @throws {PageError} where nobody asks for anything, or could be asked
   */
  async answer(visitor: Visitor, decision: 'allow' | 'deny'): Promise<string> {
    const { interaction, session } = visitor;
    const question = await this.of(visitor);
    if (!question || !interaction || !session) throw new PageError('invalidRequest');
    if (decision === 'deny') {
      return continuation(visitor, this.interactions.seal({ ...interaction, denied: true }));
    }
    const { accountId: consented } = session;
    await this.consents.grant(consented, question.requester.clientId, question.scope);
    return continuation(visitor, this.interactions.seal({ ...interaction, consented }));
  }
}
