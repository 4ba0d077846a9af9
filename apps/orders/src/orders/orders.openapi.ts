import { applyDecorators } from '@nestjs/common';
import {
  ApiConflictResponse,
  ApiCreatedResponse,
  ApiHeader,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiServiceUnavailableResponse,
  ApiUnprocessableEntityResponse,
} from '@nestjs/swagger';
import { invoiceSchema } from '../billing/billing.schema.js';
import { orderRepresentationSchema, pageRepresentationSchema } from './order-representation.js';

/** One decorator per route for the OpenAPI document. The decorators of the guards add the scopes. */

const NO_SUCH_ORDER = ApiNotFoundResponse({ description: 'No such order, or not your own' });
const ETAG = { ETag: { description: 'Of this version', schema: { type: 'string' } } } as const;

export const ApiPlaceOrder = () =>
  applyDecorators(
    ApiOperation({ summary: 'Places an order; what it costs is worked out here' }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'Of your choice, such as a UUID. Repeated within a day, it gives the same order again',
      schema: { type: 'string', maxLength: 128 },
    }),
    ApiCreatedResponse({ standardSchema: orderRepresentationSchema, headers: ETAG }),
    ApiUnprocessableEntityResponse({ description: 'The key was used for another request' }),
    ApiResponse({ status: 429, description: 'Too many keys' }),
  );

export const ApiListOrders = () =>
  applyDecorators(
    ApiOperation({ summary: 'Lists your orders, newest first; support staff list all orders' }),
    ApiOkResponse({ standardSchema: pageRepresentationSchema }),
  );

export const ApiReadOrder = () =>
  applyDecorators(
    ApiOperation({ summary: 'Shows one of your orders' }),
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'The `ETag` of the version that you have',
      schema: { type: 'string' },
    }),
    ApiOkResponse({ standardSchema: orderRepresentationSchema, headers: ETAG }),
    ApiResponse({ status: 304, description: 'You have this version', headers: ETAG }),
    NO_SUCH_ORDER,
  );

export const ApiCancelOrder = () =>
  applyDecorators(
    ApiOperation({ summary: 'Cancels one of your orders' }),
    ApiHeader({
      name: 'If-Match',
      required: true,
      description: 'The `ETag` of the version that you have seen, or `*`',
      schema: { type: 'string' },
    }),
    ApiOkResponse({ standardSchema: orderRepresentationSchema, headers: ETAG }),
    NO_SUCH_ORDER,
    ApiConflictResponse({ description: 'It cannot be cancelled any more' }),
    ApiResponse({ status: 412, description: 'It has changed since you have seen it' }),
    ApiResponse({ status: 428, description: '`If-Match` is missing' }),
  );

export const ApiReadOrderInvoice = () =>
  applyDecorators(
    ApiOperation({ summary: 'Shows the invoice of one of your orders, which billing keeps' }),
    ApiOkResponse({ standardSchema: invoiceSchema }),
    ApiNotFoundResponse({ description: 'No such order, not your own, or no invoice yet' }),
    ApiServiceUnavailableResponse({ description: 'Billing or the authorization server is away' }),
  );
