import { AccessToken, Policy } from '@gatehouse/guards';
import { type IfMatch, parseIfMatch } from '@gatehouse/service-kit';
import {
  Body,
  Controller,
  createParamDecorator,
  type ExecutionContext,
  Get,
  Header,
  Headers,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BillingClient } from '../billing/billing.client.js';
import type { Invoice } from '../billing/billing.schema.js';
import { RequireAnyScope, RequireScopes } from '../orders.scopes.js';
import { parseIdempotencyKey } from './idempotency-key.repository.js';
import {
  canListOrders,
  OrderOwnerPolicy,
  OrderReaderPolicy,
  type OrderRequest,
} from './order-access.policy.js';
import { OrderIdPipe } from './order-id.pipe.js';
import { invoiceNotFound, malformedPrecondition, preconditionRequired } from './order-problems.js';
import { type PageRepresentation, toPageRepresentation } from './order-representation.js';
import {
  OrderResponseInterceptor,
  type OrderResponse,
  toOrderResponse,
} from './order-response.interceptor.js';
import type { Order } from './order.entity.js';
import {
  type NewOrder,
  newOrderSchema,
  type PageRequest,
  pageRequestSchema,
} from './order.schema.js';
import {
  ApiCancelOrder,
  ApiListOrders,
  ApiPlaceOrder,
  ApiReadOrder,
  ApiReadOrderInvoice,
} from './orders.openapi.js';
import { OrdersService } from './orders.service.js';

/**
 * The access token of the request, for a handler that exchanges it (RFC 8693). The guard has verified the token, and that the
 * request has one `Authorization` header with one token.
 */
export const SubjectToken = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
  return request.headers.authorization?.split(' ').at(-1) ?? '';
});

/** The subject of the access token owns the orders that it places, and sees only these. Support staff see all orders. */
@ApiTags('orders')
@Controller('orders')
export class OrdersController {
  constructor(
    private readonly orders: OrdersService,
    private readonly billing: BillingClient,
  ) {}

  @Post()
  @RequireScopes('orders:write')
  @Header('Cache-Control', 'no-store')
  @UseInterceptors(OrderResponseInterceptor)
  @ApiPlaceOrder()
  place(
    @AccessToken() { subject }: AccessToken,
    @Body({ schema: newOrderSchema }) body: NewOrder,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<Order> {
    return this.orders.place(subject, body, parseIdempotencyKey(key));
  }

  @Get()
  @RequireAnyScope('orders:read', 'orders:read:any')
  @Policy(canListOrders)
  @Header('Cache-Control', 'no-store')
  @ApiListOrders()
  async list(
    @AccessToken() { subject }: AccessToken,
    @Query({ schema: pageRequestSchema }) page: PageRequest,
  ): Promise<PageRepresentation> {
    const owner = page.everyone ? undefined : (page.owner ?? subject);
    return toPageRepresentation(await this.orders.list(owner, page));
  }

  /** The client may cache the order, but must revalidate it for each use. */
  @Get(':id')
  @RequireAnyScope('orders:read', 'orders:read:any')
  @Policy(OrderReaderPolicy)
  @Header('Cache-Control', 'private, no-cache')
  @ApiReadOrder()
  async read(
    @Param('id', OrderIdPipe) id: string,
    @Req() request: FastifyRequest & Pick<OrderRequest, 'order'>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderResponse> {
    const order = request.order ?? (await this.orders.find(id));
    return toOrderResponse(order, request, reply);
  }

  @Post(':id/cancel')
  @HttpCode(HttpStatus.OK)
  @RequireScopes('orders:write')
  @Policy(OrderOwnerPolicy)
  @Header('Cache-Control', 'no-store')
  @UseInterceptors(OrderResponseInterceptor)
  @ApiCancelOrder()
  cancel(
    @Param('id', OrderIdPipe) id: string,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<Order> {
    return this.orders.cancel(id, requireIfMatch(ifMatch));
  }

  @Get(':id/invoice')
  @RequireScopes('orders:read')
  @Policy(OrderOwnerPolicy)
  @Header('Cache-Control', 'no-store')
  @ApiReadOrderInvoice()
  async invoice(
    @Param('id', OrderIdPipe) id: string,
    @SubjectToken() subjectToken: string,
  ): Promise<Invoice> {
    const invoice = await this.billing.findInvoice(id, subjectToken);
    if (!invoice) throw invoiceNotFound();
    return invoice;
  }
}

/**
 * A client that changes an order names the version that it has read.
 *
 * @throws {Problem} 428 when the header is missing (RFC 6585 §3), 400 when it is malformed
 */
function requireIfMatch(header: string | undefined): IfMatch {
  if (header === undefined) throw preconditionRequired();
  const ifMatch = parseIfMatch(header);
  if (!ifMatch) throw malformedPrecondition();
  return ifMatch;
}
