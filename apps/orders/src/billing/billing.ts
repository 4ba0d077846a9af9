import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { ORDERS_CONFIG, type OrdersConfig } from '../orders.config.js';
import { ServiceTokens } from '../service-tokens/service-tokens.js';
import { BillingUnavailable, InvoiceRefused, inWordsOfTheCaller } from './billing-failures.js';
import { type Invoice, type InvoiceContent, invoice, invoicePage } from './invoice.js';

interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token: string;
  readonly json?: object;
  readonly signal?: AbortSignal;
}

/** Of one call, from the connection to the last byte. */
const TIMEOUT_MS = 4_000;
/** What a request gets that is wrong in itself, and would be wrong again. */
const REFUSALS = [400, 409, 413, 415, 422];

/** The other service, as this one knows it: as itself for what it owes, and for a person for what is theirs. */
@Injectable()
export class Billing {
  constructor(
    private readonly tokens: ServiceTokens,
    @Inject(ORDERS_CONFIG) private readonly config: OrdersConfig,
  ) {}

  /**
   * Once or more often: an order has one invoice however often billing is told.
   *
   * @throws {InvoiceRefused}
   * @throws {BillingUnavailable} and what {@link ServiceTokens} throw: then it may be tried again
   */
  async issueInvoice(json: InvoiceContent, signal: AbortSignal): Promise<Invoice> {
    const token = await this.tokens.forItself(this.target('billing:invoices:create'));
    const response = await this.send({ method: 'POST', path: '/invoices', token, json, signal });
    if (REFUSALS.includes(response.status)) {
      throw new InvoiceRefused(response.status, (await response.text()).slice(0, 500));
    }
    return this.read(response, invoice);
  }

  /**
   * Once or more often: void stays void.
   *
   * @returns false where it was paid, and stays so
   * @throws as {@link issueInvoice}, also while it is being paid
   */
  async voidInvoice(id: string, signal: AbortSignal): Promise<boolean> {
    const token = await this.tokens.forItself(this.target('billing:invoices:create'));
    const path = `/invoices/${encodeURIComponent(id)}/void`;
    const response = await this.send({ method: 'POST', path, token, signal });
    await discard(response);
    if (response.status === 409) return false;
    if (response.status !== 200) throw new BillingUnavailable(unexpected(response));
    return true;
  }

  /**
   * The invoice of a person's order, as billing shows it to them.
   *
   * @param subjectToken the access token that the person has called with
   * @returns undefined while there is none
   * @throws {BillingUnavailable}, {AuthorizationServerUnavailable} 503
   * @throws what {@link inWordsOfTheCaller} says
   */
  async invoiceOf(orderId: string, subjectToken: string): Promise<Invoice | undefined> {
    const target = this.target('billing:read');
    const token = await this.tokens.onBehalfOf(subjectToken, target).catch(inWordsOfTheCaller);
    const response = await this.send({
      method: 'GET',
      path: `/invoices?orderId=${orderId}`,
      token,
    });
    const { invoices } = await this.read(response, invoicePage);
    return invoices[0];
  }

  /** @throws {BillingUnavailable} where the answer is none of those that were waited for */
  private async read<Content>(response: Response, form: z.ZodType<Content>): Promise<Content> {
    if (!response.ok) {
      await discard(response);
      throw new BillingUnavailable(unexpected(response));
    }
    const { data, error } = form.safeParse(await bodyOf(response));
    if (error) throw new BillingUnavailable(error);
    return data;
  }

  private target(scope: string) {
    return { resource: this.config.BILLING_RESOURCE, scope };
  }

  private async send({ method, path, token, json, signal }: Call): Promise<Response> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const content = json && { 'content-type': 'application/json' };
    const response = await fetch(`${this.config.BILLING_URL.replace(/\/$/, '')}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', ...content },
      ...(json && { body: JSON.stringify(json) }),
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    }).catch((error: unknown) => {
      throw new BillingUnavailable(error);
    });
    if (response.status === 401) this.tokens.forget(token);
    return response;
  }
}

const bodyOf = (response: Response): Promise<unknown> =>
  response.json().catch((error: unknown) => {
    throw new BillingUnavailable(error);
  });

/** Its connection is free then, whatever state it is in. */
const discard = (response: Response) => response.body?.cancel().catch(() => undefined);

const unexpected = ({ status }: Response) => new Error(`billing answered ${status}`);
