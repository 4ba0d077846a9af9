import { setTimeout as sleep } from 'node:timers/promises';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { parseFamilyId } from '../auth-database.js';
import { type Answer, type Request, send } from '../http.js';
import { aPerson, login, parseTokenPair, refresh, register, RESOURCES } from '../auth-api.js';
import type { Ledger } from './ledger.js';

type ResourceServer = keyof typeof RESOURCES;

/** Base URLs of the load balancers. */
export type ServiceUrls = Readonly<Record<'auth' | ResourceServer, string>>;

interface Call extends Pick<Request, 'json'> {
  readonly name: ResourceServer;
  /** The name of the request in the ledger. */
  readonly request: string;
  readonly path: string;
}

const PAUSE_MS = 25;
const RETRY_PAUSE_MS = 100;
/** Bounds the retries, so that a permanent fault fails the test instead of hanging it. */
const MAX_ATTEMPTS = 600;
/** Calls with one token before it is refreshed. */
const CALLS_PER_REFRESH = 6;
const CALLS_PER_FIRST_TOKEN = 5;

const AN_ORDER = { items: [{ sku: 'tea', quantity: 1, unitPriceMinor: 450 }], currency: 'EUR' };

/** The calls that a user makes at both services. */
const CALLS: readonly Call[] = [
  { name: 'orders', request: 'GET /orders', path: '/orders?limit=1' },
  { name: 'orders', request: 'POST /orders', path: '/orders', json: AN_ORDER },
  { name: 'billing', request: 'GET /invoices', path: '/invoices?limit=1' },
];

/**
 * A logged-in user whose client calls both services and refreshes, sometimes from two tabs at once. The client repeats an
 * unanswered request, and it repeats an unanswered refresh with the same token.
 */
export class SimulatedUser {
  /** Number of refreshes that returned the next token. */
  steps = 0;
  /** The session of each acknowledged login. */
  readonly sessionIds: string[] = [];
  private token = '';
  private isLoggedOut = false;
  private readonly access = new Map<ResourceServer, string>();
  /** The first access tokens, which stay valid until they expire. */
  private readonly firstTokens = new Map<ResourceServer, string>();
  private readonly credentials = aPerson();

  constructor(
    private readonly urls: ServiceUrls,
    private readonly ledger: Ledger,
  ) {}

  get familyId(): string {
    return parseFamilyId(this.token);
  }

  /** Key ids of the current access tokens. */
  get kids(): readonly string[] {
    return [...this.access.values()].map((token) => decodeProtectedHeader(token).kid ?? '');
  }

  async signUp(): Promise<this> {
    const { auth } = this.urls;
    await this.untilAnswered('POST /auth/register', () => register(auth, this.credentials));
    this.token = (await this.logIn())?.refreshToken ?? '';
    for (const name of ['orders', 'billing'] as const) {
      await this.refreshFor(name);
      this.firstTokens.set(name, this.getToken(name));
    }
    return this;
  }

  /** Logs in once more, as on another device. */
  async logIn() {
    const answer = await this.untilAnswered('POST /auth/login', () =>
      login(this.urls.auth, this.credentials),
    );
    if (!answer) return undefined;
    const pair = parseTokenPair(answer);
    this.sessionIds.push(String(decodeJwt(pair.accessToken)['sid']));
    return pair;
  }

  async useServices(end: AbortSignal): Promise<void> {
    for (let turn = 0; !end.aborted && !this.isLoggedOut; turn += 1) {
      const call = CALLS[turn % CALLS.length];
      if (call) await this.callService(call, this.selectToken(call.name, turn));
      if (turn % CALLS_PER_REFRESH === 0) {
        await this.refreshFor(turn % (2 * CALLS_PER_REFRESH) === 0 ? 'orders' : 'billing');
      }
      await sleep(PAUSE_MS);
    }
  }

  async refreshFor(name: ResourceServer): Promise<void> {
    const { token } = this;
    const once = () => refresh(this.urls.auth, token, { resource: RESOURCES[name] });
    const answers = await Promise.all([
      this.untilAnswered('POST /auth/refresh', once),
      this.steps % 4 === 3 && this.untilAnswered('POST /auth/refresh', once),
    ]);
    const pairs = answers.filter((answer) => !!answer).map(parseTokenPair);
    const successors = new Set(pairs.map(({ refreshToken }) => refreshToken));
    const [pair] = pairs;
    if (!pair || successors.size !== 1) {
      this.isLoggedOut = true;
      this.ledger.count(pair ? 'families that forked' : 'people who were logged out');
      return;
    }
    this.token = pair.refreshToken;
    this.access.set(name, pair.accessToken);
    this.steps += 1;
  }

  /** Refreshes and repeats a call that was refused because its signing key was revoked. */
  private async callService(call: Call, token: string): Promise<void> {
    const answer = await this.sendCall(call, token);
    if (answer?.status !== 401) return;
    await this.refreshFor(call.name);
    await this.sendCall(call, this.getToken(call.name));
  }

  private sendCall({ name, request, path, ...content }: Call, token: string) {
    const once = () => send(`${this.urls[name]}${path}`, { ...content, token });
    return this.untilAnswered(request, once, token);
  }

  private getToken(name: ResourceServer): string {
    return this.access.get(name) ?? '';
  }

  /** Now and then selects the first token, as long as it should be valid. */
  private selectToken(name: ResourceServer, turn: number): string {
    const kept = this.firstTokens.get(name);
    const isKept = turn % CALLS_PER_FIRST_TOKEN === 0 && kept !== undefined;
    return isKept && !this.ledger.isRevoked(kept) ? kept : this.getToken(name);
  }

  /** @returns undefined if the answer was wrong */
  private async untilAnswered(
    request: string,
    ask: () => Promise<Answer>,
    token?: string,
  ): Promise<Answer | undefined> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const startedAt = performance.now();
      const answer = await ask().catch(() => undefined);
      const exchange = { request, startedAt, answer, ...(token !== undefined && { token }) };
      const outcome = this.ledger.record(exchange);
      if (outcome === 'done' || outcome === 'renew') return answer;
      if (outcome === 'wrong') return undefined;
      await sleep(RETRY_PAUSE_MS);
    }
    return undefined;
  }
}
