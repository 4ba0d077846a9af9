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

/** Of one call, from the connection to the last byte. */
const TIMEOUT_MS = 4_000;
/** What a request gets that is wrong in itself, and would be wrong again. */
const REJECTION_STATUSES = [400, 409, 413, 415, 422];

/** The other service, as this one knows it: as itself for what it owes, and for a person for what is theirs. */
@Injectable()
export class BillingClient {
  constructor(
    private readonly tokens: ServiceTokenService,
    @Inject(ORDERS_CONFIG) private readonly config: OrdersConfig,
  ) {}

  /**
   * Once or more often: an order has one invoice however often billing is told.
   *
   * @throws {InvoiceRejectedError}
   * @throws {BillingUnavailableException} and what {@link ServiceTokenService} throw: then it may be tried again
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
   * Once or more often: void stays void.
   *
   * @returns false where it was paid, and stays so
   * @throws as {@link issueInvoice}, also while it is being paid
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
   * The invoice of a person's order, as billing shows it to them.
   *
   * @param subjectToken the access token that the person has called with
   * @returns undefined while there is none
   * @throws {BillingUnavailableException}, {AuthorizationServerUnavailable} 503
   * @throws what {@link rethrowForCaller} says
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

  /** @throws {BillingUnavailableException} where the answer is none of those that were waited for */
  private async parseResponse<Content>(
    response: Response,
    form: z.ZodType<Content>,
  ): Promise<Content> {
    if (!response.ok) {
      await discardBody(response);
      throw new BillingUnavailableException(createUnexpectedStatusError(response));
    }
    const { data, error } = form.safeParse(await readJson(response));
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

/** Its connection is free then, whatever state it is in. */
const discardBody = (response: Response) => response.body?.cancel().catch(() => undefined);

const createUnexpectedStatusError = ({ status }: Response) =>
  new Error(`billing answered ${status}`);
