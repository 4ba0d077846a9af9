import { AccessToken } from '@gatehouse/guards';
import { Body, Controller, Get, Header, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { RequireScopes } from '../orders.scopes.js';
import { type NewOrder, newOrder } from './new-order.js';
import { OrderIdPipe } from './order-id.js';
import { type PageRequest, pageRequest } from './order-page.js';
import {
  type OrderRepresentation,
  orderRepresentation,
  type PageRepresentation,
  pageRepresentation,
  represent,
  representPage,
} from './order-representation.js';
import { Orders } from './orders.js';

const NO_SUCH_ORDER = { description: 'No such order, or not your own' };

/** One's own orders: the subject of the access token owns what it places, and sees nothing else. */
@ApiTags('orders')
@Controller('orders')
export class OrdersController {
  constructor(private readonly orders: Orders) {}

  @Post()
  @RequireScopes('orders:write')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Places an order; what it costs is worked out here' })
  @ApiCreatedResponse({ standardSchema: orderRepresentation })
  async place(
    @AccessToken() token: AccessToken,
    @Body({ schema: newOrder }) body: NewOrder,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<OrderRepresentation> {
    const order = await this.orders.place(token.subject, body);
    void reply.header('Location', `/orders/${order.id}`);
    return represent(order);
  }

  @Get()
  @RequireScopes('orders:read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Lists your orders, newest first' })
  @ApiOkResponse({ standardSchema: pageRepresentation })
  async list(
    @AccessToken() token: AccessToken,
    @Query({ schema: pageRequest }) page: PageRequest,
  ): Promise<PageRepresentation> {
    return representPage(await this.orders.list(token.subject, page));
  }

  @Get(':id')
  @RequireScopes('orders:read')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Shows one of your orders' })
  @ApiOkResponse({ standardSchema: orderRepresentation })
  @ApiNotFoundResponse(NO_SUCH_ORDER)
  async read(
    @AccessToken() token: AccessToken,
    @Param('id', OrderIdPipe) id: string,
  ): Promise<OrderRepresentation> {
    return represent(await this.orders.find(token.subject, id));
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @RequireScopes('orders:write')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Cancels one of your orders, once' })
  @ApiOkResponse({ standardSchema: orderRepresentation })
  @ApiNotFoundResponse(NO_SUCH_ORDER)
  @ApiConflictResponse({ description: 'It is cancelled already' })
  async cancel(
    @AccessToken() token: AccessToken,
    @Param('id', OrderIdPipe) id: string,
  ): Promise<OrderRepresentation> {
    return represent(await this.orders.cancel(token.subject, id));
  }
}
