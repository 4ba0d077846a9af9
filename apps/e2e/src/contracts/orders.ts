/** Written by npm run docs:build from apps/orders/openapi.json. */
export interface paths {
  '/orders': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Lists your orders, newest first; support staff list all orders */
    get: operations['OrdersController_list'];
    put?: never;
    /** Places an order. The server calculates the total */
    post: operations['OrdersController_place'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/orders/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Returns one of your orders */
    get: operations['OrdersController_read'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/orders/{id}/cancel': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Cancels one of your orders */
    post: operations['OrdersController_cancel'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/orders/{id}/invoice': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Returns the invoice of one of your orders. Billing stores it */
    get: operations['OrdersController_invoice'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: never;
  responses: never;
  parameters: never;
  requestBodies: never;
  headers: never;
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  OrdersController_list: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `next` of the previous page. Default: the first page */
        after?: string;
        state?: 'placed' | 'cancelled';
        /** @description Placed at this time or later (RFC 3339) */
        placedFrom?: string;
        /** @description Placed before this time (RFC 3339) */
        placedBefore?: string;
        /** @description `sub` of the owner. Default: your own orders. Another user's orders require `orders:read:any` */
        owner?: string;
        /** @description The orders of all owners, with `orders:read:any`; not together with `owner` */
        everyone?: 'true';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            orders: {
              id: string;
              /** @enum {string} */
              state: 'placed' | 'cancelled';
              items: {
                sku: string;
                quantity: number;
                unitPriceMinor: number;
              }[];
              currency: string;
              /** @description In the currency's minor unit */
              totalMinor: number;
              /** Format: date-time */
              placedAt: string;
              /** Format: date-time */
              cancelledAt: string | null;
            }[];
            /** @description `after` of the next page. Absent on the last page */
            next?: string;
          };
        };
      };
    };
  };
  OrdersController_place: {
    parameters: {
      query?: never;
      header?: {
        /** @description A value that the client chooses, such as a UUID. A repetition within a day returns the same order */
        'Idempotency-Key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          items: {
            sku: string;
            quantity: number;
            /** @description In the currency's minor unit */
            unitPriceMinor: number;
          }[];
          /** @example EUR */
          currency: string;
        };
      };
    };
    responses: {
      201: {
        headers: {
          /** @description The version of the order in this answer */
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
            /** @enum {string} */
            state: 'placed' | 'cancelled';
            items: {
              sku: string;
              quantity: number;
              unitPriceMinor: number;
            }[];
            currency: string;
            /** @description In the currency's minor unit */
            totalMinor: number;
            /** Format: date-time */
            placedAt: string;
            /** Format: date-time */
            cancelledAt: string | null;
          };
        };
      };
      /** @description The key was used for another request */
      422: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Too many keys */
      429: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  OrdersController_read: {
    parameters: {
      query?: never;
      header?: {
        /** @description The `ETag` of the version that the client has */
        'If-None-Match'?: string;
      };
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          /** @description The version of the order in this answer */
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
            /** @enum {string} */
            state: 'placed' | 'cancelled';
            items: {
              sku: string;
              quantity: number;
              unitPriceMinor: number;
            }[];
            currency: string;
            /** @description In the currency's minor unit */
            totalMinor: number;
            /** Format: date-time */
            placedAt: string;
            /** Format: date-time */
            cancelledAt: string | null;
          };
        };
      };
      /** @description The client has the current version */
      304: {
        headers: {
          /** @description The version of the order in this answer */
          ETag?: string;
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description There is no such order, or it is not yours */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  OrdersController_cancel: {
    parameters: {
      query?: never;
      header: {
        /** @description The `ETag` of the version that the client read, or `*` */
        'If-Match': string;
      };
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          /** @description The version of the order in this answer */
          ETag?: string;
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
            /** @enum {string} */
            state: 'placed' | 'cancelled';
            items: {
              sku: string;
              quantity: number;
              unitPriceMinor: number;
            }[];
            currency: string;
            /** @description In the currency's minor unit */
            totalMinor: number;
            /** Format: date-time */
            placedAt: string;
            /** Format: date-time */
            cancelledAt: string | null;
          };
        };
      };
      /** @description There is no such order, or it is not yours */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The order can no longer be cancelled */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The order changed since the client read it */
      412: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description `If-Match` is missing */
      428: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  OrdersController_invoice: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
            state: string;
            orderId: string;
            /** @description In the currency's minor unit */
            amountMinor: number;
            currency: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            paidAt: string | null;
          };
        };
      };
      /** @description There is no such order, it is not yours, or it has no invoice yet */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description Billing or the authorization server is not available */
      503: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
}
