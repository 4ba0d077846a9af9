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
    /** Issues the invoice of an order; for services only */
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
    /** Makes an open invoice void: nobody is to pay it; for services only */
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
    /** Shows one of your invoices, and any invoice to staff */
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
    /** Pays one of your invoices, once however often it is sent */
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
    /** Gives back what was paid for an invoice; for staff who have just logged in */
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
    /** Sums of the invoices of a month, by currency */
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
        /** @description `next` of the page before; the first page where left out */
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
            /** @description `after` of the next page; absent on the last one */
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
          /** @description `sub` of the person who is to pay */
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
      /** @description It was issued before */
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
      /** @description The order has an invoice that says otherwise */
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
      /** @description It is just being paid: ask again */
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
      /** @description It was paid, and stays what it is */
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
      /** @description No such invoice, or not your own */
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
           * @description What the payment provider knows the means of payment by, such as the token of a card
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
      /** @description The payment provider has not said yet: ask again */
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
      /** @description No such invoice, or not your own */
      404: {
        headers: {
          [name: string]: unknown;
        };
        content?: never;
      };
      /** @description It was paid, and paid back, or it is void */
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
      /** @description The payment provider has not said yet: ask again */
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
      /** @description No valid token, or a login that is older than five minutes */
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
      /** @description Nothing was paid, or the payment provider declines */
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
              /** @description Digits: sums may exceed what JSON numbers can hold */
              issuedMinor: string;
              paidMinor: string;
              refundedMinor: string;
              /** @description Of what was issued, so much is not to be paid any more */
              voidMinor: string;
            }[];
          };
        };
      };
    };
  };
}
