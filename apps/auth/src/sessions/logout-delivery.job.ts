import { Scheduler } from '@gatehouse/persistence';
import { Clock, describeCause } from '@gatehouse/service-kit';
import {
  type BeforeApplicationShutdown,
  Injectable,
  Logger,
  type OnModuleInit,
} from '@nestjs/common';
import type { Client } from '../clients/client.entity.js';
import { ClientRepository } from '../clients/client.repository.js';
import { IdTokenService } from '../tokens/id-token.service.js';
import { type ClaimedLogout, LogoutDeliveryRepository } from './logout-delivery.repository.js';

/** Tokens that one replica sends at the same time, to one client or to several. */
const BATCH_SIZE = 20;
/** Limit of one attempt. It is shorter than the claim of a delivery. */
const TIMEOUT_MS = 5_000;
/** A client that was down for longer does not learn of the session. Its refresh token and its access tokens are invalid anyway. */
const MAX_AGE_MS = 86_400_000;

/** How a client answered: it ended the session, it rejected the token, or the server has to try again. */
type Outcome = 'accepted' | 'rejected' | { readonly failure: string };

interface RunningDelivery {
  readonly abort: AbortController;
  readonly end: Promise<void>;
}

/**
 * Sends logout tokens to the clients of ended sessions (OpenID Connect Back-Channel Logout §2.5). A token is signed at each
 * attempt, with a new `jti`: a client that has received an earlier attempt accepts the next one too. A client that does not answer
 * delays no other client, because its deliveries do not run again before they have ended.
 */
@Injectable()
export class LogoutDeliveryJob implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('LogoutDelivery');
  /** By `client_id`. */
  private readonly running = new Map<string, RunningDelivery>();
  private readonly failingClients = new Set<string>();
  private isStopping = false;

  constructor(
    private readonly deliveries: LogoutDeliveryRepository,
    private readonly clients: ClientRepository,
    private readonly idTokens: IdTokenService,
    private readonly clock: Clock,
    private readonly scheduler: Scheduler,
  ) {}

  onModuleInit(): void {
    this.scheduler.add({
      name: 'logout-deliveries',
      everySeconds: 0.5,
      // A write of this process ends the pause, so only the rows of a process that died wait for it.
      maxIdleSeconds: 30,
      runsOn: 'every replica',
      run: () => this.startDue(),
    });
  }

  /** The database closes after this. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopping = true;
    const running = [...this.running.values()];
    for (const { abort } of running) abort.abort(new Error('this server stops'));
    await Promise.all(running.map(({ end }) => end));
  }

  /** Starts the due deliveries of all clients that have none running. @returns whether there were any */
  private async startDue(): Promise<boolean> {
    if (this.isStopping || !(await this.deliveries.outbox.hasDue())) return false;
    for (;;) {
      const except = { column: 'client_id', values: [...this.running.keys()] };
      const claimed = await this.deliveries.outbox.claimDue(BATCH_SIZE, except);
      if (claimed.length === 0) return true;
      for (const [clientId, batch] of groupByClient(claimed)) this.start(clientId, batch);
    }
  }

  private start(clientId: string, batch: readonly ClaimedLogout[]): void {
    const abort = new AbortController();
    const timeout = new Error(`no answer within ${TIMEOUT_MS / 1000} seconds`);
    const timer = setTimeout(() => abort.abort(timeout), TIMEOUT_MS);
    const end = this.deliver(clientId, batch, abort.signal)
      // The claims expire, and the deliveries are due again.
      .catch((error: unknown) =>
        this.logger.error(`could not send logout tokens to ${clientId}: ${describeCause(error)}`),
      )
      .finally(() => {
        clearTimeout(timer);
        this.running.delete(clientId);
      });
    this.running.set(clientId, { abort, end });
  }

  /** No transaction is open while the client answers. */
  private async deliver(
    clientId: string,
    batch: readonly ClaimedLogout[],
    signal: AbortSignal,
  ): Promise<void> {
    const client = await this.clients.find(clientId);
    await Promise.all(
      batch.map(async (logout) => this.conclude(logout, await this.send(logout, client, signal))),
    );
  }

  private async send(
    { accountId, sessionId, pairwiseSeed }: ClaimedLogout,
    client: Client | undefined,
    signal: AbortSignal,
  ): Promise<Outcome> {
    // A client that receives no logout tokens any more needs none.
    if (!client?.backchannelLogoutUri) return 'accepted';
    const account = pairwiseSeed === null ? undefined : { id: accountId, pairwiseSeed };
    try {
      const token = await this.idTokens.issueLogoutToken({ client, account, sessionId });
      return await post(client.backchannelLogoutUri, token, signal);
    } catch (error) {
      return { failure: describeCause(error) };
    }
  }

  private async conclude(logout: ClaimedLogout, outcome: Outcome): Promise<void> {
    const { clientId, sessionId, attempts, createdAt } = logout;
    const { outbox } = this.deliveries;
    if (typeof outcome === 'object') {
      if (this.clock.now() - Number(createdAt) < MAX_AGE_MS) {
        this.reportFailure(clientId, outcome.failure);
        return outbox.retryLater(sessionId, attempts);
      }
      this.logger.error(`${clientId} did not learn within a day that session ${sessionId} ended`);
    } else if (outcome === 'rejected') {
      this.logger.error(`${clientId} rejected the logout token of session ${sessionId} (400)`);
    } else if (this.failingClients.delete(clientId)) {
      this.logger.log(`${clientId} accepts logout tokens again`);
    }
    return outbox.delete(sessionId);
  }

  /** Logs the first of several failures: an outage of a client concerns many sessions. */
  private reportFailure(clientId: string, failure: string): void {
    if (this.failingClients.has(clientId) || this.isStopping) return;
    this.failingClients.add(clientId);
    this.logger.warn(`${clientId} does not accept logout tokens, which are sent again: ${failure}`);
  }
}

function groupByClient(
  claimed: readonly ClaimedLogout[],
): ReadonlyMap<string, readonly ClaimedLogout[]> {
  const groups = new Map<string, ClaimedLogout[]>();
  for (const logout of claimed) {
    const group = groups.get(logout.clientId);
    if (group) group.push(logout);
    else groups.set(logout.clientId, [logout]);
  }
  return groups;
}

/** Follows no redirect and reads no body, so the answer of a client can neither lead elsewhere nor fill the memory. */
async function post(uri: string, logoutToken: string, signal: AbortSignal): Promise<Outcome> {
  const body = new URLSearchParams({ logout_token: logoutToken });
  const response = await fetch(uri, { method: 'POST', body, redirect: 'manual', signal });
  await response.body?.cancel();
  // Some frameworks turn an empty answer into 204 (§2.8).
  if (response.status === 200 || response.status === 204) return 'accepted';
  return response.status === 400 ? 'rejected' : { failure: `it answered ${response.status}` };
}
