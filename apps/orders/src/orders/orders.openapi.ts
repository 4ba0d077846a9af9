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

const NO_SUCH_ORDER = ApiNotFoundResponse({
  description: 'There is no such order, or it is not yours',
});
const ETAG = {
  ETag: { description: 'The version of the order in this answer', schema: { type: 'string' } },
} as const;

export const ApiPlaceOrder = () =>
  applyDecorators(
    ApiOperation({ summary: 'Places an order. The server calculates the total' }),
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description:
        'A value that the client chooses, such as a UUID. A repetition within a day returns the same order',
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
    ApiOperation({ summary: 'Returns one of your orders' }),
    ApiHeader({
      name: 'If-None-Match',
      required: false,
      description: 'The `ETag` of the version that the client has',
      schema: { type: 'string' },
    }),
    ApiOkResponse({ standardSchema: orderRepresentationSchema, headers: ETAG }),
    ApiResponse({ status: 304, description: 'The client has the current version', headers: ETAG }),
    NO_SUCH_ORDER,
  );

export const ApiCancelOrder = () =>
  applyDecorators(
    ApiOperation({ summary: 'Cancels one of your orders' }),
    ApiHeader({
      name: 'If-Match',
      required: true,
      description: 'The `ETag` of the version that the client read, or `*`',
      schema: { type: 'string' },
    }),
    ApiOkResponse({ standardSchema: orderRepresentationSchema, headers: ETAG }),
    NO_SUCH_ORDER,
    ApiConflictResponse({ description: 'The order can no longer be cancelled' }),
    ApiResponse({ status: 412, description: 'The order changed since the client read it' }),
    ApiResponse({ status: 428, description: '`If-Match` is missing' }),
  );

export const ApiReadOrderInvoice = () =>
  applyDecorators(
    ApiOperation({ summary: 'Returns the invoice of one of your orders. Billing stores it' }),
    ApiOkResponse({ standardSchema: invoiceSchema }),
    ApiNotFoundResponse({
      description: 'There is no such order, it is not yours, or it has no invoice yet',
    }),
    ApiServiceUnavailableResponse({
      description: 'Billing or the authorization server is not available',
    }),
  );
