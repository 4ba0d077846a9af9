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
      'What the payment provider knows the means of payment by, such as the token of a card',
    )
    .meta({ example: 'test-ok' }),
});
export type PaymentRequest = z.infer<typeof paymentRequestSchema>;

const PENDING_RESPONSE = {
  standardSchema: invoiceRepresentationSchema,
  description: 'The payment provider has not said yet: ask again',
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
  @ApiOperation({ summary: 'Pays one of your invoices, once however often it is sent' })
  @ApiOkResponse({ standardSchema: invoiceRepresentationSchema })
  @ApiAcceptedResponse(PENDING_RESPONSE)
  @ApiResponse({ status: 402, description: 'It was declined' })
  @ApiNotFoundResponse({ description: 'No such invoice, or not your own' })
  @ApiConflictResponse({ description: 'It was paid, and paid back, or it is void' })
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
    summary: 'Gives back what was paid for an invoice; for staff who have just logged in',
  })
  @ApiOkResponse({ standardSchema: invoiceRepresentationSchema })
  @ApiAcceptedResponse(PENDING_RESPONSE)
  @ApiUnauthorizedResponse({
    description: 'No valid token, or a login that is older than five minutes',
  })
  @ApiNotFoundResponse({ description: 'No such invoice' })
  @ApiConflictResponse({ description: 'Nothing was paid, or the payment provider declines' })
  refund(
    @AccessToken() { subject }: AccessToken,
    @Param('id', InvoiceIdPipe) id: string,
  ): Promise<Invoice> {
    return this.payments.refund(subject, id);
  }
}
