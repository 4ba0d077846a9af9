import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, type Request, send } from './http.js';
import { aLogin, pairOf, refresh, RESOURCES } from './token-answers.js';

export interface Bought {
  readonly id: string;
  readonly totalMinor: number;
}
export interface Invoiced {
  readonly id: string;
  readonly state: string;
  readonly orderId: string;
  readonly amountMinor: number;
}
type Service = 'orders' | 'billing';
type Places = Readonly<Record<Service, string>>;

/** What is asked, until it has one of these answers. */
interface Wish extends Request {
  readonly statuses: readonly number[];
}

const BEFORE_TRYING_AGAIN_MS = 50;
const BETWEEN_REQUESTS_MS = 20;

/**
 * Somebody who orders one thing after the other, is sorry for some of it, and pays some of it. A request of theirs that has no
 * answer is sent again, as it was, until it has one.
 */
export class Buyer {
  /** Orders that were answered for. */
  readonly bought: Bought[] = [];
  /** Ids of those that were cancelled. */
  readonly cancelled = new Set<string>();
  /** How often they have paid. */
  payments = 0;
  /** Requests that had no answer, or were told to come back. */
  readonly losses: Record<Service, number> = { orders: 0, billing: 0 };

  private constructor(
    private readonly places: Places,
    private readonly tokens: Readonly<Record<Service, string>>,
  ) {}

  static async loggedIn(auth: string, places: Places): Promise<Buyer> {
    const { accessToken: orders, refreshToken } = await aLogin(auth);
    const wish = { resource: RESOURCES.billing };
    const { accessToken: billing } = pairOf(await refresh(auth, refreshToken, wish));
    return new Buyer(places, { orders, billing });
  }

  /** @param random in [0, 1): which of the orders are cancelled and paid, and when */
  async buyUntil(end: AbortSignal, random: () => number): Promise<void> {
    for (let n = 1; !end.aborted; n += 1) {
      this.bought.push(await this.buy(n));
      if (random() < 0.4) await this.cancel(oneOf(this.bought, random));
      if (random() < 0.4) await this.pay(random);
      await sleep(BETWEEN_REQUESTS_MS);
    }
  }

  /** @returns what orders says that there is */
  orders(): Promise<Bought[]> {
    return this.all('orders', this.places.orders);
  }

  /** @returns what billing says that there is to pay */
  invoices(): Promise<Invoiced[]> {
    return this.all('invoices', this.places.billing);
  }

  private async buy(unitPriceMinor: number): Promise<Bought> {
    const answer = await this.insistOn('orders', '/orders', {
      statuses: [201],
      json: { items: [{ sku: 'tea', quantity: 1, unitPriceMinor }], currency: 'EUR' },
      headers: { 'idempotency-key': `"${randomUUID()}"` },
    });
    return boughtIn(answer);
  }

  /** A conflict says that it was cancelled before. */
  private async cancel({ id }: Bought): Promise<void> {
    await this.insistOn('orders', `/orders/${id}/cancel`, {
      statuses: [200, 409],
      method: 'POST',
      headers: { 'if-match': '*' },
    });
    this.cancelled.add(id);
  }

  /** One of the newest invoices that are open. A conflict says that it was made void meanwhile. */
  private async pay(random: () => number): Promise<void> {
    const page = await this.insistOn('billing', '/invoices?state=open', { statuses: [200] });
    const { invoices }: { invoices: Invoiced[] } = JSON.parse(page.text);
    if (invoices.length === 0) return;
    const { id } = oneOf(invoices, random);
    const { status } = await this.insistOn('billing', `/invoices/${id}/pay`, {
      statuses: [200, 202, 409],
      json: { method: 'test-ok' },
    });
    if (status !== 409) this.payments += 1;
  }

  private async insistOn(
    service: Service,
    path: string,
    { statuses, ...request }: Wish,
  ): Promise<Answer> {
    const sent = { ...request, token: this.tokens[service] };
    for (;;) {
      const answer = await send(`${this.places[service]}${path}`, sent).catch(() => undefined);
      if (answer && statuses.includes(answer.status)) return answer;
      if (answer && answer.status !== 503) throw new Error(`${answer.status} ${answer.text}`);
      this.losses[service] += 1;
      await sleep(BEFORE_TRYING_AGAIN_MS);
    }
  }

  private async all<Item>(what: 'orders' | 'invoices', place: string): Promise<Item[]> {
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

function boughtIn({ text }: Answer): Bought {
  const { id, totalMinor }: Bought = JSON.parse(text);
  return { id, totalMinor };
}

function oneOf<Item>(items: readonly Item[], random: () => number): Item {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is none');
  return item;
}
