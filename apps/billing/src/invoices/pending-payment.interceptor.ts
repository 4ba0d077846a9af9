import {
  type CallHandler,
  type ExecutionContext,
  HttpStatus,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { type InvoiceRepresentation, toInvoiceRepresentation } from './invoice-representation.js';
import { isPaymentPending } from './invoice-state.js';
import type { Invoice } from './invoice.entity.js';

/** Answers 202 with `Retry-After` while the provider has given no verdict (RFC 9110 §15.3.3). */
@Injectable()
export class PendingPaymentInterceptor implements NestInterceptor<Invoice, InvoiceRepresentation> {
  intercept(
    context: ExecutionContext,
    next: CallHandler<Invoice>,
  ): Observable<InvoiceRepresentation> {
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(
      map((invoice) => {
        if (isPaymentPending(invoice.state)) {
          void reply.status(HttpStatus.ACCEPTED).header('Retry-After', '2');
        }
        return toInvoiceRepresentation(invoice);
      }),
    );
  }
}
