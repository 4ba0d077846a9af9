import { Clock } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { ClientRepository } from '../clients/client.repository.js';
import { isSameText, ServerSecrets, signText } from '../platform/server-secrets.js';

/** An authorization request that waits for the user to log in, to select an account or to consent. */
export interface Interaction {
  /** The request's parameters as received; they are validated again when it continues. Spaces separate several `resource`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The scopes that the consent page lists: the requested ones, and those of claims that the request names. */
  readonly asked: readonly string[];
  /** When the request arrived, in epoch milliseconds. A later authentication satisfies the request's `prompt=login`. */
  readonly startedAt: number;
  /** The account that the user selected for this request. */
  readonly chosen?: string;
  /** The account that consented to this request. */
  readonly consented?: string;
  /** Whether the user denied consent; the client gets `access_denied`. */
  readonly denied?: true;
}

/** The user has this long to log in and to decide, in milliseconds. */
const LIFETIME_MS = 30 * 60_000;

/** Long enough for the longest valid request with the longest scope. */
const TICKET_FORMAT = /^([\w-]{1,12400})\.([\w-]{6})\.[\w-]{43}$/;

/**
 * The browser carries an interaction as a ticket, `content . secret id . MAC`. The server stores nothing, so a flood of
 * authorization requests uses no storage. The user can read the content, and only this server can write it.
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

  /** For an authorization request that has just arrived. */
  create(request: Pick<Interaction, 'parameters' | 'asked'>): Interaction {
    return { ...request, startedAt: this.clock.now() };
  }

  createTicket(interaction: Interaction): string {
    return signText(
      Buffer.from(JSON.stringify(interaction)).toString('base64url'),
      this.keys.current,
    );
  }

  /** @returns the interaction, if this server wrote the ticket and the interaction started within the last half hour */
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

/** The client that sent the user to a page. */
export interface ClientInfo {
  readonly clientId: string;
  /** The registered name; the client id if there is none. */
  readonly name: string;
  /** Receives the authorization response. */
  readonly redirectUri: string;
}

@Injectable()
export class ClientInfoService {
  constructor(private readonly clients: ClientRepository) {}

  /** @returns `undefined` without an authorization request, and for a client that was disabled meanwhile */
  async find(interaction: Interaction | undefined): Promise<ClientInfo | undefined> {
    const { client_id: id, redirect_uri: redirectUri } = interaction?.parameters ?? {};
    const client = id === undefined ? undefined : await this.clients.findEnabled(id);
    if (!client || redirectUri === undefined) return undefined;
    return { clientId: client.id, name: client.name || client.id, redirectUri };
  }
}
