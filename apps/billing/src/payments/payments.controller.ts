import { AccessToken, RequireRecentLogin } from '@gatehouse/guards';
import {
  Body,
  Controller,
  Header,
  HttpCode,
  HttpStatus,
  Param,
  Post,
  UseInterceptors,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiConflictResponse,
  ApiNotFoundResponse,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiTags,
  ApiUnauthorizedResponse,
} from '@nestjs/swagger';
import { z } from 'zod';
import { RequireScopes } from '../billing.scopes.js';
import { InvoiceIdPipe } from '../invoices/invoice-id.pipe.js';
import { invoiceRepresentationSchema } from '../invoices/invoice-representation.js';
import type { Invoice } from '../invoices/invoice.entity.js';
import { PendingPaymentInterceptor } from '../invoices/pending-payment.interceptor.js';
import { PaymentsService } from './payments.service.js';

export const paymentRequestSchema = z.strictObject({
  method: z
    .string()
    .regex(/^[\w-]{1,64}$/, 'must be 1 to 64 letters, digits, hyphens and underscores')
    .describe(
      "The payment provider's reference to the means of payment, such as the token of a card",
    )
    .meta({ example: 'test-ok' }),
});
export type PaymentRequest = z.infer<typeof paymentRequestSchema>;

const PENDING_RESPONSE = {
  standardSchema: invoiceRepresentationSchema,
  description: 'The payment provider has not answered yet. Try again',
};

/** Customers pay their own invoices. Staff refund them. */
@ApiTags('payments')
@Controller('invoices/:id')
@UseInterceptors(PendingPaymentInterceptor)
export class PaymentsController {
  constructor(private readonly payments: PaymentsService) {}

  @Post('pay')
  @HttpCode(HttpStatus.OK)
  @RequireScopes('billing:pay')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Pays one of your invoices. Repeated requests pay it once' })
  @ApiOkResponse({ standardSchema: invoiceRepresentationSchema })
  @ApiAcceptedResponse(PENDING_RESPONSE)
  @ApiResponse({ status: 402, description: 'It was declined' })
  @ApiNotFoundResponse({ description: 'There is no such invoice, or it is not yours' })
  @ApiConflictResponse({ description: 'The invoice was refunded or is void' })
  pay(
    @AccessToken() { subject }: AccessToken,
    @Param('id', InvoiceIdPipe) id: string,
    @Body({ schema: paymentRequestSchema }) { method }: PaymentRequest,
  ): Promise<Invoice> {
    return this.payments.pay(subject, id, method);
  }

  /** Requires a recent login, so that a stolen session of staff is not enough to move money. */
  @Post('refund')
  @HttpCode(HttpStatus.OK)
  @RequireScopes('billing:refund')
  @RequireRecentLogin({ seconds: 300 })
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Refunds the payment of an invoice (staff with a recent login only)',
  })
  @ApiOkResponse({ standardSchema: invoiceRepresentationSchema })
  @ApiAcceptedResponse(PENDING_RESPONSE)
  @ApiUnauthorizedResponse({
    description: 'The token is not valid, or the login is older than five minutes',
  })
  @ApiNotFoundResponse({ description: 'No such invoice' })
  @ApiConflictResponse({
    description: 'The invoice was not paid, or the payment provider declined the refund',
  })
  refund(
    @AccessToken() { subject }: AccessToken,
    @Param('id', InvoiceIdPipe) id: string,
  ): Promise<Invoice> {
    return this.payments.refund(subject, id);
  }
}
