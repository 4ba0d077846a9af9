import { Injectable } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.js';
import type { Client } from '../clients/client.entity.js';
import { Consents } from '../consents/consents.js';
import { Interactions } from '../interactions/interactions.js';
import { PageError } from '../pages/page-error.js';
import type { Visitor } from '../pages/visitor.js';
import { AuthorizationRequests } from './authorization-requests.js';
import { Destinations } from './destinations.js';

/** What a person is asked before a client is answered. */
export interface ConsentQuestion {
  readonly client: Client;
  readonly redirectUri: string;
  /** Of the person who is asked. */
  readonly email: string;
  readonly accountId: string;
  /** What the client would be allowed. */
  readonly scope: readonly string[];
}

/** Asks people, and takes down what they say. The request is read anew each time: nothing of a form decides what is allowed. */
@Injectable()
export class ConsentQuestions {
  constructor(
    private readonly destinations: Destinations,
    private readonly requests: AuthorizationRequests,
    private readonly consents: Consents,
    private readonly accounts: Accounts,
    private readonly interactions: Interactions,
  ) {}

  /**
   * @returns where to go instead, where nobody is logged in who could be asked
   * @throws {PageError} where nobody asks for anything
   */
  async of({ interaction, session }: Visitor): Promise<ConsentQuestion | { location: string }> {
    if (!interaction) throw new PageError('invalidRequest');
    const account = session && (await this.accounts.find(session.accountId));
    if (!account) return { location: this.interactions.continuation(interaction) };
    const sent = { parameters: interaction.parameters, repeated: [] };
    const destination = await this.destinations.prove(sent);
    const { asked } = this.requests.read(destination, sent);
    const { client, redirectUri } = destination;
    return { client, redirectUri, email: account.email, accountId: account.id, scope: asked };
  }

  /**
   * @returns where it goes on
   * @throws {PageError} where nobody asks for anything
   */
  async answer(visitor: Visitor, decision: 'allow' | 'deny'): Promise<string> {
    const question = await this.of(visitor);
    const { interaction } = visitor;
    if ('location' in question || !interaction) throw new PageError('invalidRequest');
    if (decision === 'deny')
      return this.interactions.continuation({ ...interaction, denied: true });
    const { accountId: consented, client, scope } = question;
    await this.consents.grant(consented, client.id, scope);
    return this.interactions.continuation({ ...interaction, consented });
  }
}
