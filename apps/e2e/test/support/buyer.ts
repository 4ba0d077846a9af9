import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Request, send } from './http.js';
import { parseTokenPair, refresh, registerAndLogIn, RESOURCES } from './auth-api.js';

export interface PlacedOrder {
  readonly id: string;
  readonly totalMinor: number;
}
export interface IssuedInvoice {
  readonly id: string;
  readonly state: string;
  readonly orderId: string;
  readonly amountMinor: number;
}
type Service = 'orders' | 'billing';
type ServiceUrls = Readonly<Record<Service, string>>;

/** A request that is repeated until its answer has one of these statuses. */
interface ExpectedRequest extends Request {
  readonly statuses: readonly number[];
}

const RETRY_PAUSE_MS = 50;
const REQUEST_PAUSE_MS = 20;

/**
 * A user who places orders, cancels some and pays some. The buyer repeats a request without an answer unchanged until it
 * has an answer.
 */
export class Buyer {
  /** Acknowledged orders. */
  readonly placedOrders: PlacedOrder[] = [];
  /** Ids of cancelled orders. */
  readonly cancelled = new Set<string>();
  /** Number of accepted payments. */
  payments = 0;
  /** Requests without an answer or with a 503. */
  readonly losses: Record<Service, number> = { orders: 0, billing: 0 };

  private constructor(
    private readonly urls: ServiceUrls,
    private readonly tokens: Readonly<Record<Service, string>>,
  ) {}

  static async logIn(auth: string, places: ServiceUrls): Promise<Buyer> {
    const { accessToken: orders, refreshToken } = await registerAndLogIn(auth);
    const parameters = { resource: RESOURCES.billing };
    const { accessToken: billing } = parseTokenPair(await refresh(auth, refreshToken, parameters));
    return new Buyer(places, { orders, billing });
  }

  /** @param random in [0, 1): which of the orders are cancelled and paid, and when */
  async buyUntil(end: AbortSignal, random: () => number): Promise<void> {
    for (let n = 1; !end.aborted; n += 1) {
      this.placedOrders.push(await this.buy(n));
      if (random() < 0.4) await this.cancel(pickRandom(this.placedOrders, random));
      if (random() < 0.4) await this.pay(random);
      await sleep(REQUEST_PAUSE_MS);
    }
  }

  /** All orders of the buyer, as orders lists them. */
  orders(): Promise<PlacedOrder[]> {
    return this.listAll('orders', this.urls.orders);
  }

  /** All invoices of the buyer, as billing lists them. */
  listInvoices(): Promise<IssuedInvoice[]> {
    return this.listAll('invoices', this.urls.billing);
  }

  private async buy(unitPriceMinor: number): Promise<PlacedOrder> {
    const answer = await this.sendUntilAnswered('orders', '/orders', {
      statuses: [201],
      json: { items: [{ sku: 'tea', quantity: 1, unitPriceMinor }], currency: 'EUR' },
      headers: { 'idempotency-key': `"${randomUUID()}"` },
    });
    return parseOrder(answer);
  }

  /** 409 means that the order was cancelled before. */
  private async cancel({ id }: PlacedOrder): Promise<void> {
    await this.sendUntilAnswered('orders', `/orders/${id}/cancel`, {
      statuses: [200, 409],
      method: 'POST',
      headers: { 'if-match': '*' },
    });
    this.cancelled.add(id);
  }

  /** Pays one of the newest open invoices. 409 means that the invoice was voided in the meantime. */
  private async pay(random: () => number): Promise<void> {
    const page = await this.sendUntilAnswered('billing', '/invoices?state=open', {
      statuses: [200],
    });
    const { invoices }: { invoices: IssuedInvoice[] } = JSON.parse(page.text);
    if (invoices.length === 0) return;
    const { id } = pickRandom(invoices, random);
    const { status } = await this.sendUntilAnswered('billing', `/invoices/${id}/pay`, {
      statuses: [200, 202, 409],
      json: { method: 'test-ok' },
    });
    if (status !== 409) this.payments += 1;
  }

  private async sendUntilAnswered(
    service: Service,
    path: string,
    { statuses, ...request }: ExpectedRequest,
  ): Promise<Answer> {
    const sent = { ...request, token: this.tokens[service] };
    for (;;) {
      const answer = await send(`${this.urls[service]}${path}`, sent).catch(() => undefined);
      if (answer && statuses.includes(answer.status)) return answer;
      if (answer && answer.status !== 503) throw new Error(`${answer.status} ${answer.text}`);
      this.losses[service] += 1;
      await sleep(RETRY_PAUSE_MS);
    }
  }

  private async listAll<Item>(what: 'orders' | 'invoices', place: string): Promise<Item[]> {
    const items: Item[] = [];
    const token = what === 'orders' ? this.tokens.orders : this.tokens.billing;
    for (let next: string | undefined = ''; next !== undefined;) {
      const after = next && `&after=${next}`;
      const { status, text } = await send(`${place}/${what}?limit=100${after}`, { token });
      if (status !== 200) throw new Error(`${status} ${text}`);
      const page: { next?: string } & Record<typeof what, Item[]> = JSON.parse(text);
      items.push(...page[what]);
      ({ next } = page);
    }
    return items;
  }
}

function parseOrder({ text }: Answer): PlacedOrder {
  const { id, totalMinor }: PlacedOrder = JSON.parse(text);
  return { id, totalMinor };
}

function pickRandom<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is none');
  return item;
}
