import { AccessToken, Policy } from '@gatehouse/guards';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  Query,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireAnyScope, RequireScopes } from '../billing.scopes.js';
import { InvoiceIdPipe } from './invoice-id.pipe.js';
import {
  type InvoiceRepresentation,
  invoiceRepresentationSchema,
  type PageRepresentation,
  pageRepresentationSchema,
  toInvoiceRepresentation,
  toPageRepresentation,
} from './invoice-representation.js';
import type { Invoice } from './invoice.entity.js';
import {
  type NewInvoice,
  newInvoiceSchema,
  type PageRequest,
  pageRequestSchema,
} from './invoice.schema.js';
import { InvoicesService } from './invoices.service.js';
import { PendingPaymentInterceptor } from './pending-payment.interceptor.js';

/**
 * Rejects tokens of users for all scopes. In a token that no user has granted, the subject is the client itself (RFC 9068
 * §2.2).
 */
export function isServiceToken({ subject, clientId }: AccessToken): boolean {
  return subject === clientId;
}

/** Staff who may refund an invoice see it before. */
const canSeeAll = ({ scopes }: AccessToken): boolean => scopes.has('billing:refund');

const NO_SUCH_INVOICE = { description: 'There is no such invoice, or it is not yours' };

/** Services issue and void invoices. Customers see their own. Staff who may refund see the invoice of each order. */
@ApiTags('invoices')
@Controller('invoices')
export class InvoicesController {
  constructor(private readonly invoices: InvoicesService) {}

  @Post()
  @RequireScopes('billing:invoices:create')
  @Policy(isServiceToken)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Issues the invoice of an order (services only)' })
  @ApiCreatedResponse({ standardSchema: invoiceRepresentationSchema })
  @ApiOkResponse({
    standardSchema: invoiceRepresentationSchema,
    description: 'The invoice was issued before',
  })
  @ApiConflictResponse({ description: 'The order has an invoice with other content' })
  async issue(
    @Body({ schema: newInvoiceSchema }) body: NewInvoice,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<InvoiceRepresentation> {
    const { invoice, isNew } = await this.invoices.issue(body);
    void reply.status(isNew ? 201 : 200).header('Location', `/invoices/${invoice.id}`);
    return toInvoiceRepresentation(invoice);
  }

  @Post(':id/void')
  @HttpCode(HttpStatus.OK)
  @RequireScopes('billing:invoices:create')
  @Policy(isServiceToken)
  @UseInterceptors(PendingPaymentInterceptor)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Makes an open invoice void, so that it is no longer due (services only)',
  })
  @ApiOkResponse({ standardSchema: invoiceRepresentationSchema })
  @ApiAcceptedResponse({
    standardSchema: invoiceRepresentationSchema,
    description: 'A payment is in progress. Try again',
  })
  @ApiNotFoundResponse({ description: 'No such invoice' })
  @ApiConflictResponse({ description: 'The invoice was paid and cannot change' })
  void(@Param('id', InvoiceIdPipe) id: string): Promise<Invoice> {
    return this.invoices.void(id);
  }

  @Get()
  @RequireAnyScope('billing:read', 'billing:refund')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Lists your invoices, newest first; staff find the invoice of any order',
  })
  @ApiOkResponse({ standardSchema: pageRepresentationSchema })
  async list(
    @AccessToken() token: AccessToken,
    @Query({ schema: pageRequestSchema }) page: PageRequest,
  ): Promise<PageRepresentation> {
    const isForStaff = page.orderId !== undefined && canSeeAll(token);
    return toPageRepresentation(
      await this.invoices.list(isForStaff ? undefined : token.subject, page),
    );
  }

  @Get(':id')
  @RequireAnyScope('billing:read', 'billing:refund')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Returns one of your invoices, and any invoice to staff' })
  @ApiOkResponse({ standardSchema: invoiceRepresentationSchema })
  @ApiNotFoundResponse(NO_SUCH_INVOICE)
  async read(
    @AccessToken() token: AccessToken,
    @Param('id', InvoiceIdPipe) id: string,
  ): Promise<InvoiceRepresentation> {
    const invoice = canSeeAll(token)
      ? this.invoices.findById(id)
      : this.invoices.findForCustomer(token.subject, id);
    return toInvoiceRepresentation(await invoice);
  }
}
