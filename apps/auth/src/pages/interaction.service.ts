import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { isSameText, ServerSecrets, signText } from '../platform/server-secrets.js';

/** An authorization request that waits for a person: to log in, to choose, to consent. */
export interface Interaction {
  /** The parameters of the request, as they came; they are validated again when it goes on. Several `resource` are apart by spaces. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The scopes that the person is asked for: those of the request, and those that the claims asked for one by one are part of. */
  readonly asked: readonly string[];
  /** When the request arrived, in epoch milliseconds: who authenticated since has done so for it. */
  readonly startedAt: number;
  /** The account that was chosen since, where a choice was asked for. */
  readonly chosen?: string;
  /** The account that consented since, where consent was asked for. */
  readonly consented?: string;
  /** Whether the person refused: the client is told `access_denied`. */
  readonly denied?: true;
}

/** A person may take this long to log in and to decide, in milliseconds. */
const LIFETIME_MS = 30 * 60_000;

/** Of the longest request (authorization-requests.ts) for the longest scope. */
const TICKET_FORMAT = /^([\w-]{1,12400})\.([\w-]{6})\.[\w-]{43}$/;

/**
 * An interaction travels with the browser as a ticket, `content . secret id . MAC`, and nothing is stored for it: whoever
 * begins a million of them costs us nothing. What it says is not secret from the person, and nobody else can have written it.
 */
@Injectable()
export class InteractionService {
  private readonly keys: ReturnType<ServerSecrets['derive']>;

  constructor(
    secrets: ServerSecrets,
    private readonly clock: Clock,
  ) {
    this.keys = secrets.derive('interaction mac');
  }

  /** An authorization request has arrived. */
  create(request: Pick<Interaction, 'parameters' | 'asked'>): Interaction {
    return { ...request, startedAt: this.clock.now() };
  }

  createTicket(interaction: Interaction): string {
    return signText(
      Buffer.from(JSON.stringify(interaction)).toString('base64url'),
      this.keys.current,
    );
  }

  /** @returns the interaction, if this server wrote the ticket within the last half hour */
  readTicket(ticket: string | undefined): Interaction | undefined {
    const content = this.verifyTicket(ticket ?? '');
    if (content === undefined) return undefined;
    const interaction: Interaction = JSON.parse(Buffer.from(content, 'base64url').toString());
    return this.clock.now() < interaction.startedAt + LIFETIME_MS ? interaction : undefined;
  }

  private verifyTicket(ticket: string): string | undefined {
    const [, content = '', secretId = ''] = TICKET_FORMAT.exec(ticket) ?? [];
    const key = this.keys.all.get(secretId);
    return key && isSameText(ticket, signText(content, key)) ? content : undefined;
  }
}
