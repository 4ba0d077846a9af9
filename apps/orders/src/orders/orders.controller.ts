import { AccessToken, Policy } from '@gatehouse/guards';
import {
  Body,
  Controller,
  Get,
  Header,
  Headers,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  Query,
  UseInterceptors,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Billing } from '../billing/billing.js';
import type { Invoice } from '../billing/invoice.js';
import { idempotencyKeyOf } from '../idempotency/idempotency-key.js';
import { RequireAnyScope, RequireScopes } from '../orders.scopes.js';
import { SubjectToken } from '../service-tokens/subject-token.js';
import { preconditionOf } from './entity-tag.js';
import { type NewOrder, newOrder } from './new-order.js';
import { mayListOrders, MayReadOrder, OwnsOrder } from './order-access.policy.js';
import { OrderAnswer } from './order-answer.interceptor.js';
import { OrderIdPipe } from './order-id.js';
import { type PageRequest, pageRequest } from './order-page.js';
import { noInvoiceYet } from './order-problems.js';
import { type PageRepresentation, representPage } from './order-representation.js';
import type { Order } from './order.entity.js';
import { Cancelling, Listing, Placing, Reading, ReadingTheInvoice } from './orders.openapi.js';
import { Orders } from './orders.js';

/** The subject of the access token owns what it places, and sees nothing else; support staff see everything. */
@ApiTags('orders')
@Controller('orders')
export class OrdersController {
  constructor(
    private readonly orders: Orders,
    private readonly billing: Billing,
  ) {}

  @Post()
  @RequireScopes('orders:write')
  @Header('Cache-Control', 'no-store')
  @UseInterceptors(OrderAnswer)
  @Placing()
  place(
    @AccessToken() { subject }: AccessToken,
    @Body({ schema: newOrder }) body: NewOrder,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<Order> {
    return this.orders.place(subject, body, idempotencyKeyOf(key));
  }

  @Get()
  @RequireAnyScope('orders:read', 'orders:read:any')
  @Policy(mayListOrders)
  @Header('Cache-Control', 'no-store')
  @Listing()
  async list(
    @AccessToken() { subject }: AccessToken,
    @Query({ schema: pageRequest }) page: PageRequest,
  ): Promise<PageRepresentation> {
    return representPage(await this.orders.list(page.owner ?? subject, page));
  }

  /** Kept by its client, who asks each time whether it is still right. */
  @Get(':id')
  @RequireAnyScope('orders:read', 'orders:read:any')
  @Policy(MayReadOrder)
  @Header('Cache-Control', 'private, no-cache')
  @UseInterceptors(OrderAnswer)
  @Reading()
  read(@Param('id', OrderIdPipe) id: string): Promise<Order> {
    return this.orders.find(id);
  }

  @Post(':id/cancel')
  @HttpCode(HttpStatus.OK)
  @RequireScopes('orders:write')
  @Policy(OwnsOrder)
  @Header('Cache-Control', 'no-store')
  @UseInterceptors(OrderAnswer)
  @Cancelling()
  cancel(
    @Param('id', OrderIdPipe) id: string,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<Order> {
    return this.orders.cancel(id, preconditionOf(ifMatch));
  }

  @Get(':id/invoice')
  @RequireScopes('orders:read')
  @Policy(OwnsOrder)
  @Header('Cache-Control', 'no-store')
  @ReadingTheInvoice()
  async invoice(
    @Param('id', OrderIdPipe) id: string,
    @SubjectToken() subjectToken: string,
  ): Promise<Invoice> {
    const invoice = await this.billing.invoiceOf(id, subjectToken);
    if (!invoice) throw noInvoiceYet();
    return invoice;
  }
}
