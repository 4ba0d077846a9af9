import { removeTrailingSlash } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { ORDERS_CONFIG, type OrdersConfig } from '../orders.config.js';
import { ServiceTokenService } from '../service-tokens/service-tokens.service.js';
import {
  BillingUnavailableException,
  InvoiceRejectedError,
  rethrowForCaller,
} from './billing-errors.js';
import {
  type Invoice,
  type InvoiceContent,
  invoicePageSchema,
  invoiceSchema,
} from './billing.schema.js';

interface BillingRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly token: string;
  readonly json?: object;
  readonly signal?: AbortSignal;
}

/** Limit of one call, from the connection to the last byte. */
const TIMEOUT_MS = 4_000;
/** Billing answers with these when the content of a request is wrong, so a second attempt would fail too. */
const REJECTION_STATUSES = [400, 409, 413, 415, 422];

/** Calls billing: with a token of this service to issue and void invoices, and with a user's token to read them. */
@Injectable()
export class BillingClient {
  constructor(
    private readonly tokens: ServiceTokenService,
    @Inject(ORDERS_CONFIG) private readonly config: OrdersConfig,
  ) {}

  /**
   * Issues the invoice of an order. A repeated call returns the same invoice.
   *
   * @throws {InvoiceRejectedError} when a second attempt would fail too
   * @throws {BillingUnavailableException} {AuthorizationServerUnavailableException} {TokenRejectedError} when a later attempt may succeed
   */
  async issueInvoice(json: InvoiceContent, signal: AbortSignal): Promise<Invoice> {
    const token = await this.tokens.getServiceToken(this.target('billing:invoices:create'));
    const response = await this.send({ method: 'POST', path: '/invoices', token, json, signal });
    if (REJECTION_STATUSES.includes(response.status)) {
      throw new InvoiceRejectedError(response.status, (await response.text()).slice(0, 500));
    }
    return this.parseResponse(response, invoiceSchema);
  }

  /**
   * Voids an invoice. A repeated call changes nothing.
   *
   * @returns false when the invoice was paid, because a paid invoice cannot be voided
   * @throws {BillingUnavailableException} also while a payment is in progress
   */
  async voidInvoice(id: string, signal: AbortSignal): Promise<boolean> {
    const token = await this.tokens.getServiceToken(this.target('billing:invoices:create'));
    const path = `/invoices/${encodeURIComponent(id)}/void`;
    const response = await this.send({ method: 'POST', path, token, signal });
    await discardBody(response);
    if (response.status === 409) return false;
    if (response.status !== 200)
      throw new BillingUnavailableException(createUnexpectedStatusError(response));
    return true;
  }

  /**
   * Reads the invoice of an order on behalf of the user.
   *
   * @param subjectToken the access token of the user's request
   * @returns undefined while billing has no invoice of the order
   * @throws {BillingUnavailableException} {AuthorizationServerUnavailableException} 503
   * @throws {InvalidToken} {Problem} when the exchange of the token fails, see {@link rethrowForCaller}
   */
  async findInvoice(orderId: string, subjectToken: string): Promise<Invoice | undefined> {
    const target = this.target('billing:read');
    const token = await this.tokens.exchangeToken(subjectToken, target).catch(rethrowForCaller);
    const response = await this.send({
      method: 'GET',
      path: `/invoices?orderId=${orderId}`,
      token,
    });
    const { invoices } = await this.parseResponse(response, invoicePageSchema);
    return invoices[0];
  }

  /** @throws {BillingUnavailableException} when the status or the body is not as expected */
  private async parseResponse<Content>(
    response: Response,
    schema: z.ZodType<Content>,
  ): Promise<Content> {
    if (!response.ok) {
      await discardBody(response);
      throw new BillingUnavailableException(createUnexpectedStatusError(response));
    }
    const { data, error } = schema.safeParse(await readJson(response));
    if (error) throw new BillingUnavailableException(error);
    return data;
  }

  private target(scope: string) {
    return { resource: this.config.BILLING_RESOURCE, scope };
  }

  private async send({ method, path, token, json, signal }: BillingRequest): Promise<Response> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const content = json && { 'content-type': 'application/json' };
    const response = await fetch(`${removeTrailingSlash(this.config.BILLING_URL)}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', ...content },
      ...(json && { body: JSON.stringify(json) }),
      redirect: 'error',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    }).catch((error: unknown) => {
      throw new BillingUnavailableException(error);
    });
    if (response.status === 401) this.tokens.discardToken(token);
    return response;
  }
}

const readJson = (response: Response): Promise<unknown> =>
  response.json().catch((error: unknown) => {
    throw new BillingUnavailableException(error);
  });

/** Frees the connection without reading the body. */
const discardBody = (response: Response) => response.body?.cancel().catch(() => undefined);

const createUnexpectedStatusError = ({ status }: Response) =>
  new Error(`billing answered ${status}`);
