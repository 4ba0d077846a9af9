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
import { RequireScopes } from '../billing.scopes.js';
import { InvoiceIdPipe } from './invoice-id.js';
import { type PageRequest, pageRequest } from './invoice-page.js';
import {
  type InvoiceRepresentation,
  invoiceRepresentation,
  type PageRepresentation,
  pageRepresentation,
  represent,
  representPage,
} from './invoice-representation.js';
import type { Invoice } from './invoice.entity.js';
import { Invoices } from './invoices.js';
import { type NewInvoice, newInvoice } from './new-invoice.js';
import { forServicesOnly } from './services-only.policy.js';
import { UndecidedIsAccepted } from './undecided.interceptor.js';

const NO_SUCH_INVOICE = { description: 'No such invoice, or not your own' };

/** Services issue invoices and make them void; people see their own. */
@ApiTags('invoices')
@Controller('invoices')
export class InvoicesController {
  constructor(private readonly invoices: Invoices) {}

  @Post()
  @RequireScopes('billing:invoices:create')
  @Policy(forServicesOnly)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Issues the invoice of an order; for services only' })
  @ApiCreatedResponse({ standardSchema: invoiceRepresentation })
  @ApiOkResponse({ standardSchema: invoiceRepresentation, description: 'It was issued before' })
  @ApiConflictResponse({ description: 'The order has an invoice that says otherwise' })
  async issue(
    @Body({ schema: newInvoice }) body: NewInvoice,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<InvoiceRepresentation> {
    const { invoice, isNew } = await this.invoices.issue(body);
    void reply.status(isNew ? 201 : 200).header('Location', `/invoices/${invoice.id}`);
    return represent(invoice);
  }

  @Post(':id/void')
  @HttpCode(HttpStatus.OK)
  @RequireScopes('billing:invoices:create')
  @Policy(forServicesOnly)
  @UseInterceptors(UndecidedIsAccepted)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Makes an open invoice void: nobody is to pay it; for services only' })
  @ApiOkResponse({ standardSchema: invoiceRepresentation })
  @ApiAcceptedResponse({
    standardSchema: invoiceRepresentation,
    description: 'It is just being paid: ask again',
  })
  @ApiNotFoundResponse({ description: 'No such invoice' })
  @ApiConflictResponse({ description: 'It was paid, and stays what it is' })
  void(@Param('id', InvoiceIdPipe) id: string): Promise<Invoice> {
    return this.invoices.void(id);
  }

  @Get()
  @RequireScopes('billing:read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Lists your invoices, newest first' })
  @ApiOkResponse({ standardSchema: pageRepresentation })
  async list(
    @AccessToken() token: AccessToken,
    @Query({ schema: pageRequest }) page: PageRequest,
  ): Promise<PageRepresentation> {
    return representPage(await this.invoices.list(token.subject, page));
  }

  @Get(':id')
  @RequireScopes('billing:read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Shows one of your invoices' })
  @ApiOkResponse({ standardSchema: invoiceRepresentation })
  @ApiNotFoundResponse(NO_SUCH_INVOICE)
  async read(
    @AccessToken() token: AccessToken,
    @Param('id', InvoiceIdPipe) id: string,
  ): Promise<InvoiceRepresentation> {
    return represent(await this.invoices.find(token.subject, id));
  }
}
