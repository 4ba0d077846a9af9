/** Written by npm run docs:build from apps/billing/openapi.json. */
export interface paths {
  '/invoices': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Lists your invoices, newest first; staff find the invoice of any order */
    get: operations['InvoicesController_list'];
    put?: never;
    /** Issues the invoice of an order (services only) */
    post: operations['InvoicesController_issue'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/invoices/{id}/void': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Makes an open invoice void, so that it is no longer due (services only) */
    post: operations['InvoicesController_void'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/invoices/{id}': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Returns one of your invoices, and any invoice to staff */
    get: operations['InvoicesController_read'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/invoices/{id}/pay': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Pays one of your invoices. Repeated requests pay it once */
    post: operations['PaymentsController_pay'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/invoices/{id}/refund': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** Refunds the payment of an invoice (staff with a recent login only) */
    post: operations['PaymentsController_refund'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/totals': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Returns the sums of the invoices of a month, by currency */
    get: operations['TotalsController_read'];
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
  InvoicesController_list: {
    parameters: {
      query?: {
        limit?: number;
        /** @description `next` of the previous page. Default: the first page */
        after?: string;
        state?: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
        /** @description The invoice of this order */
        orderId?: string;
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
            invoices: {
              id: string;
              /** @enum {string} */
              state: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
              customer: string;
              orderId: string;
              /** @description In the currency's minor unit */
              amountMinor: number;
              currency: string;
              /** Format: date-time */
              issuedAt: string;
              /** Format: date-time */
              paidAt: string | null;
              /** Format: date-time */
              refundedAt: string | null;
              /** Format: date-time */
              voidedAt: string | null;
            }[];
            /** @description `after` of the next page. Absent on the last page */
            next?: string;
          };
        };
      };
    };
  };
  InvoicesController_issue: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description `sub` of the user who pays */
          customer: string;
          /** @description An order has one invoice */
          orderId: string;
          /** @description In the currency's minor unit */
          amountMinor: number;
          /** @example EUR */
          currency: string;
        };
      };
    };
    responses: {
      /** @description The invoice was issued before */
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
            /** @enum {string} */
            state: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
            customer: string;
            orderId: string;
            /** @description In the currency's minor unit */
            amountMinor: number;
            currency: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            paidAt: string | null;
            /** Format: date-time */
            refundedAt: string | null;
            /** Format: date-time */
            voidedAt: string | null;
          };
        };
      };
      201: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
            /** @enum {string} */
            state: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
            customer: string;
            orderId: string;
            /** @description In the currency's minor unit */
            amountMinor: number;
            currency: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            paidAt: string | null;
            /** Format: date-time */
            refundedAt: string | null;
            /** Format: date-time */
            voidedAt: string | null;
          };
        };
      };
      /** @description The order has an invoice with other content */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  InvoicesController_void: {
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
            /** @enum {string} */
            state: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
            customer: string;
            orderId: string;
            /** @description In the currency's minor unit */
            amountMinor: number;
            currency: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            paidAt: string | null;
            /** Format: date-time */
            refundedAt: string | null;
            /** Format: date-time */
            voidedAt: string | null;
          };
        };
      };
      /** @description A payment is in progress. Try again */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
            /** @enum {string} */
            state: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
            customer: string;
            orderId: string;
            /** @description In the currency's minor unit */
            amountMinor: number;
            currency: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            paidAt: string | null;
            /** Format: date-time */
            refundedAt: string | null;
            /** Format: date-time */
            voidedAt: string | null;
          };
        };
      };
      /** @description No such invoice */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The invoice was paid and cannot change */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  InvoicesController_read: {
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
            /** @enum {string} */
            state: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
            customer: string;
            orderId: string;
            /** @description In the currency's minor unit */
            amountMinor: number;
            currency: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            paidAt: string | null;
            /** Format: date-time */
            refundedAt: string | null;
            /** Format: date-time */
            voidedAt: string | null;
          };
        };
      };
      /** @description There is no such invoice, or it is not yours */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  PaymentsController_pay: {
    parameters: {
      query?: never;
      header?: never;
      path: {
        id: string;
      };
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /**
           * @description The payment provider's reference to the means of payment, such as the token of a card
           * @example test-ok
           */
          method: string;
        };
      };
    };
    responses: {
      200: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
            /** @enum {string} */
            state: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
            customer: string;
            orderId: string;
            /** @description In the currency's minor unit */
            amountMinor: number;
            currency: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            paidAt: string | null;
            /** Format: date-time */
            refundedAt: string | null;
            /** Format: date-time */
            voidedAt: string | null;
          };
        };
      };
      /** @description The payment provider has not answered yet. Try again */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
            /** @enum {string} */
            state: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
            customer: string;
            orderId: string;
            /** @description In the currency's minor unit */
            amountMinor: number;
            currency: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            paidAt: string | null;
            /** Format: date-time */
            refundedAt: string | null;
            /** Format: date-time */
            voidedAt: string | null;
          };
        };
      };
      /** @description It was declined */
      402: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description There is no such invoice, or it is not yours */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The invoice was refunded or is void */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  PaymentsController_refund: {
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
            /** @enum {string} */
            state: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
            customer: string;
            orderId: string;
            /** @description In the currency's minor unit */
            amountMinor: number;
            currency: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            paidAt: string | null;
            /** Format: date-time */
            refundedAt: string | null;
            /** Format: date-time */
            voidedAt: string | null;
          };
        };
      };
      /** @description The payment provider has not answered yet. Try again */
      202: {
        headers: {
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            id: string;
            /** @enum {string} */
            state: 'open' | 'paying' | 'paid' | 'refunding' | 'refunded' | 'void';
            customer: string;
            orderId: string;
            /** @description In the currency's minor unit */
            amountMinor: number;
            currency: string;
            /** Format: date-time */
            issuedAt: string;
            /** Format: date-time */
            paidAt: string | null;
            /** Format: date-time */
            refundedAt: string | null;
            /** Format: date-time */
            voidedAt: string | null;
          };
        };
      };
      /** @description The token is not valid, or the login is older than five minutes */
      401: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description No such invoice */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description The invoice was not paid, or the payment provider declined the refund */
      409: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
    };
  };
  TotalsController_read: {
    parameters: {
      query: {
        /** @description Calendar month, in UTC */
        month: string;
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
            month: string;
            totals: {
              currency: string;
              invoices: number;
              /** @description Decimal digits, because a sum may exceed the precision of JSON numbers */
              issuedMinor: string;
              paidMinor: string;
              refundedMinor: string;
              /** @description The part of `issuedMinor` that is void */
              voidMinor: string;
            }[];
          };
        };
      };
    };
  };
}
