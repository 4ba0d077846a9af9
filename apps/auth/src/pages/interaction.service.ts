import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { Clock, isLoopbackLiteral } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { ClientRepository } from '../clients/client.repository.js';
import { isRegisteredRedirectUri } from '../clients/redirect-uri.js';
import { readSignedText, ServerSecrets, signText } from '../platform/server-secrets.js';
import type { BrowserSession } from '../sessions/browser-session.entity.js';

/** An authorization request that waits for the user to log in, to select an account or to consent. */
export interface Interaction {
  /** The request's parameters as received; they are validated again when it continues. Spaces separate several `resource`. */
  readonly parameters: Readonly<Record<string, string>>;
  /** The scopes that the consent page lists: the requested ones, and those of claims that the request names. */
  readonly asked: readonly string[];
  /** When the request arrived, in epoch milliseconds. A later authentication satisfies the request's `prompt=login`. */
  readonly startedAt: number;
  /** {@link markSession} of the browser session for which the server decided that the user must do something. */
  readonly decidedFor?: string;
  /** The account that the user selected for this request. */
  readonly chosen?: string;
  /** The account that consented to this request. */
  readonly consented?: string;
  /** Whether the user denied consent; the client gets `access_denied`. */
  readonly denied?: true;
}

/** Identifies a browser session and its latest login. It is no secret, because the browser shows tickets in its address bar. */
export const markSession = (session: BrowserSession | undefined): string =>
  session ? createHash('sha256').update(session.secretHash).digest('base64url').slice(0, 8) : '';

/** The user has this long to log in and to decide, in milliseconds. */
const LIFETIME_MS = 30 * 60_000;

/** Long enough for the longest valid request with the longest scope. */
const TICKET_FORMAT = /^[\w-]{1,12400}\.[\w-]{6}\.[\w-]{43}$/;

/** A longer interaction is compressed, because a proxy may accept 4 KiB of headers only (`proxy_buffer_size` of nginx). */
const MAX_UNCOMPRESSED_LENGTH = 1024;
/** No JSON object in base64url begins with it: they begin with `eyJ`. */
const COMPRESSED = 'z';

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
    return signText(encodeInteraction(interaction), this.keys.current);
  }

  /** @returns the interaction, if this server wrote the ticket and the interaction started within the last half hour */
  readTicket(ticket: string | undefined): Interaction | undefined {
    const interaction = this.readTicketOfAnyAge(ticket);
    const isCurrent = interaction && this.clock.now() < interaction.startedAt + LIFETIME_MS;
    return isCurrent ? interaction : undefined;
  }

  /** @returns the interaction, if this server wrote the ticket; it may have expired, so it must not be resumed */
  readTicketOfAnyAge(ticket: string | undefined): Interaction | undefined {
    const content = this.verifyTicket(ticket ?? '');
    return content === undefined ? undefined : decodeInteraction(content);
  }

  /**
   * Whether the browser session changed since the server decided what the user must do. A request that asks for a login
   * (`prompt=login`, `max_age`) stays undecided until the user logs in for it.
   */
  isOutdated(interaction: Interaction, session: BrowserSession | undefined): boolean {
    return interaction.decidedFor !== markSession(session);
  }

  /** Whether the request accepts no session that exists already (OpenID Connect Core §3.1.2.1). */
  needsNewLogin({ parameters }: Interaction, session: BrowserSession | undefined): boolean {
    const { prompt = '', max_age: maxAge } = parameters;
    if (!session || prompt.split(' ').includes('login')) return true;
    const elapsedMs = this.clock.now() - session.authenticatedAt.getTime();
    return maxAge !== undefined && elapsedMs >= Number(maxAge) * 1000;
  }

  private verifyTicket(ticket: string): string | undefined {
    return TICKET_FORMAT.test(ticket) ? readSignedText(ticket, this.keys.all) : undefined;
  }
}

function encodeInteraction(interaction: Interaction): string {
  const text = Buffer.from(JSON.stringify(interaction));
  return text.length <= MAX_UNCOMPRESSED_LENGTH
    ? text.toString('base64url')
    : `${COMPRESSED}${deflateRawSync(text, { level: 9 }).toString('base64url')}`;
}

/** @param content from {@link encodeInteraction}, as its MAC proves */
function decodeInteraction(content: string): Interaction {
  const text = content.startsWith(COMPRESSED)
    ? inflateRawSync(Buffer.from(content.slice(COMPRESSED.length), 'base64url'))
    : Buffer.from(content, 'base64url');
  return JSON.parse(text.toString());
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
    const client = id === undefined ? undefined : await this.clients.findRecentlyEnabled(id);
    if (!client || redirectUri === undefined) return undefined;
    if (!isRegisteredRedirectUri(redirectUri, client)) return undefined;
    return { clientId: client.id, name: client.name || client.id, redirectUri };
  }
}

/**
 * Where the user can begin again: the home page of a web application. An app on the device has none, so its redirect URI gets
 * the error of RFC 6749 §4.1.2.1.
 */
export function findClientAddress(
  redirectUri: string,
  { state, iss }: { readonly state: string | undefined; readonly iss: string },
): string {
  const { protocol, hostname, origin } = new URL(redirectUri);
  const isWeb = /^https?:$/.test(protocol) && !isLoopbackLiteral(hostname);
  if (isWeb) return `${origin}/`;
  const error = { error: 'access_denied', error_description: 'The request has expired.' };
  const parameters = { ...error, ...(state !== undefined && { state }), iss };
  const separator = redirectUri.includes('?') ? '&' : '?';
  return `${redirectUri}${separator}${new URLSearchParams(parameters).toString()}`;
}
