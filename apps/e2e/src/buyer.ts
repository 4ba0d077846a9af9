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
interface Places {
  readonly orders: string;
  readonly billing: string;
}

const BEFORE_TRYING_AGAIN_MS = 50;
const BETWEEN_REQUESTS_MS = 20;

/**
 * Somebody who orders one thing after the other, is sorry for some of it, and pays some of it. A request of theirs to orders
 * that has no answer is sent again, as it was, until it has one.
 */
export class Buyer {
  /** Orders that were answered for. */
  readonly bought: Bought[] = [];
  /** Ids of those that were cancelled. */
  readonly cancelled = new Set<string>();
  /** Requests that had no answer, or were told to come back. */
  losses = 0;

  private constructor(
    private readonly places: Places,
    private readonly tokens: { readonly orders: string; readonly billing: string },
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
    const answer = await this.insistOn('/orders', [201], {
      json: { items: [{ sku: 'tea', quantity: 1, unitPriceMinor }], currency: 'EUR' },
      headers: { 'idempotency-key': `"${randomUUID()}"` },
    });
    return boughtIn(answer);
  }

  /** A conflict says that it was cancelled before. */
  private async cancel({ id }: Bought): Promise<void> {
    const request = { method: 'POST', headers: { 'if-match': '*' } };
    await this.insistOn(`/orders/${id}/cancel`, [200, 409], request);
    this.cancelled.add(id);
  }

  /** One of the newest invoices, whatever becomes of that. */
  private async pay(random: () => number): Promise<void> {
    const { billing: token } = this.tokens;
    const { billing } = this.places;
    const page = await send(`${billing}/invoices?state=open`, { token }).catch(() => undefined);
    if (page?.status !== 200) return;
    const { invoices }: { invoices: Invoiced[] } = JSON.parse(page.text);
    if (invoices.length === 0) return;
    const { id } = oneOf(invoices, random);
    const request = { token, json: { method: 'test-ok' } };
    await send(`${billing}/invoices/${id}/pay`, request).catch(() => undefined);
  }

  private async insistOn(
    path: string,
    statuses: readonly number[],
    request: Request,
  ): Promise<Answer> {
    const sent = { ...request, token: this.tokens.orders };
    for (;;) {
      const answer = await send(`${this.places.orders}${path}`, sent).catch(() => undefined);
      if (answer && statuses.includes(answer.status)) return answer;
      if (answer && answer.status !== 503) throw new Error(`${answer.status} ${answer.text}`);
      this.losses += 1;
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
