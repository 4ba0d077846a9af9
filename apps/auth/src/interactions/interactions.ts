import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { ServerSecrets } from '../keys/server-secrets.js';
import { sameText, signedText } from '../keys/signed-text.js';
import type { Interaction } from './interaction.js';

/** A person may take this long to log in and to decide, in milliseconds. */
const LIFETIME_MS = 30 * 60_000;

/** Of the longest request (authorization-requests.ts) for the longest scope. */
const FORM = /^([\w-]{1,12400})\.([\w-]{6})\.[\w-]{43}$/;

/**
 * An interaction travels with the browser as a ticket, `content . secret id . MAC`, and nothing is stored for it: whoever
 * begins a million of them costs us nothing. What it says is not secret from the person, and nobody else can have written it.
 */
@Injectable()
export class Interactions {
  private readonly keys: ReturnType<ServerSecrets['derive']>;

  constructor(
    secrets: ServerSecrets,
    private readonly clock: Clock,
  ) {
    this.keys = secrets.derive('interaction mac');
  }

  /** An authorization request has arrived. */
  begin(request: Pick<Interaction, 'parameters' | 'asked'>): Interaction {
    return { ...request, startedAt: this.clock.now() };
  }

  seal(interaction: Interaction): string {
    return signedText(
      Buffer.from(JSON.stringify(interaction)).toString('base64url'),
      this.keys.current,
    );
  }

  /** @returns the interaction, if this server wrote the ticket within the last half hour */
  open(ticket: string | undefined): Interaction | undefined {
    const content = this.contentOf(ticket ?? '');
    if (content === undefined) return undefined;
    const interaction: Interaction = JSON.parse(Buffer.from(content, 'base64url').toString());
    return this.clock.now() < interaction.startedAt + LIFETIME_MS ? interaction : undefined;
  }

  private contentOf(ticket: string): string | undefined {
    const [, content = '', secretId = ''] = FORM.exec(ticket) ?? [];
    const key = this.keys.all.get(secretId);
    return key && sameText(ticket, signedText(content, key)) ? content : undefined;
  }
}
