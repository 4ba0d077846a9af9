import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, send } from './http.js';
import { aLogin, pairOf, refresh, RESOURCES } from './token-answers.js';

export interface Bought {
  readonly id: string;
  readonly totalMinor: number;
}
interface Invoiced {
  readonly orderId: string;
  readonly amountMinor: number;
}

const BEFORE_TRYING_AGAIN_MS = 50;
const BETWEEN_ORDERS_MS = 20;

/** Somebody who orders one thing after the other. A request without an answer is sent again, as it was, until it has one. */
export class Buyer {
  /** Orders that were answered for. */
  readonly bought: Bought[] = [];
  /** Requests that had no answer, or were told to come back. */
  losses = 0;

  private constructor(
    private readonly places: { readonly orders: string; readonly billing: string },
    private readonly tokens: { readonly orders: string; readonly billing: string },
  ) {}

  static async loggedIn(
    auth: string,
    places: { readonly orders: string; readonly billing: string },
  ): Promise<Buyer> {
    const { accessToken: orders, refreshToken } = await aLogin(auth);
    const wish = { resource: RESOURCES.billing };
    const { accessToken: billing } = pairOf(await refresh(auth, refreshToken, wish));
    return new Buyer(places, { orders, billing });
  }

  async buyUntil(end: AbortSignal): Promise<void> {
    for (let n = 1; !end.aborted; n += 1) {
      await this.buy(n);
      await sleep(BETWEEN_ORDERS_MS);
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

  private async buy(unitPriceMinor: number): Promise<void> {
    const request = {
      token: this.tokens.orders,
      json: { items: [{ sku: 'tea', quantity: 1, unitPriceMinor }], currency: 'EUR' },
      headers: { 'idempotency-key': `"${randomUUID()}"` },
    };
    for (;;) {
      const answer = await send(`${this.places.orders}/orders`, request).catch(() => undefined);
      if (answer?.status === 201) return void this.bought.push(boughtIn(answer));
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
