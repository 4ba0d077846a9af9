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
import { RequireScopes } from '../billing.scopes.js';
import { InvoiceIdPipe } from '../invoices/invoice-id.js';
import { invoiceRepresentation } from '../invoices/invoice-representation.js';
import type { Invoice } from '../invoices/invoice.entity.js';
import { UndecidedIsAccepted } from '../invoices/undecided.interceptor.js';
import { type PaymentRequest, paymentRequest } from './payment-request.js';
import { Payments } from './payments.js';

const NOT_DECIDED = {
  standardSchema: invoiceRepresentation,
  description: 'The payment provider has not said yet: ask again',
};

/** People pay what is theirs; staff give it back. */
@ApiTags('payments')
@Controller('invoices/:id')
@UseInterceptors(UndecidedIsAccepted)
export class PaymentsController {
  constructor(private readonly payments: Payments) {}

  @Post('pay')
  @HttpCode(HttpStatus.OK)
  @RequireScopes('billing:pay')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Pays one of your invoices, once however often it is sent' })
  @ApiOkResponse({ standardSchema: invoiceRepresentation })
  @ApiAcceptedResponse(NOT_DECIDED)
  @ApiResponse({ status: 402, description: 'It was declined' })
  @ApiNotFoundResponse({ description: 'No such invoice, or not your own' })
  @ApiConflictResponse({ description: 'It was paid, and paid back, or it is void' })
  pay(
    @AccessToken() { subject }: AccessToken,
    @Param('id', InvoiceIdPipe) id: string,
    @Body({ schema: paymentRequest }) { method }: PaymentRequest,
  ): Promise<Invoice> {
    return this.payments.pay(subject, id, method);
  }

  /** Money that leaves: a stolen session of staff must not be enough. */
  @Post('refund')
  @HttpCode(HttpStatus.OK)
  @RequireScopes('billing:refund')
  @RequireRecentLogin({ seconds: 300 })
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Gives back what was paid for an invoice; for staff who have just logged in',
  })
  @ApiOkResponse({ standardSchema: invoiceRepresentation })
  @ApiAcceptedResponse(NOT_DECIDED)
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
