import { Controller, Get, Header, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { RequireScopes } from '../billing.scopes.js';
import { InvoiceRepository } from '../invoices/invoice.repository.js';

const totalsRequestSchema = z.strictObject({
  month: z
    .string()
    .regex(/^20\d{2}-(0[1-9]|1[0-2])$/, 'must be a month of this century, such as 2026-11')
    .transform((month) => new Date(`${month}-01T00:00:00Z`))
    .describe('Calendar month, in UTC'),
});
type TotalsRequest = z.infer<typeof totalsRequestSchema>;

const totalsRepresentationSchema = z.object({
  month: z.string(),
  totals: z.array(
    z.object({
      currency: z.string(),
      invoices: z.int(),
      issuedMinor: z
        .string()
        .describe('Decimal digits, because a sum may exceed the precision of JSON numbers'),
      paidMinor: z.string(),
      refundedMinor: z.string(),
      voidMinor: z.string().describe('The part of `issuedMinor` that is void'),
    }),
  ),
});
type TotalsRepresentation = z.infer<typeof totalsRepresentationSchema>;

/** Sums for administrators. They name no customer. */
@ApiTags('totals')
@Controller('totals')
@RequireScopes('billing:admin')
export class TotalsController {
  constructor(private readonly invoices: InvoiceRepository) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Returns the sums of the invoices of a month, by currency' })
  @ApiOkResponse({ standardSchema: totalsRepresentationSchema })
  async read(
    @Query({ schema: totalsRequestSchema }) { month }: TotalsRequest,
  ): Promise<TotalsRepresentation> {
    const end = Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1);
    const totals = await this.invoices.findTotals(month.getTime(), end);
    return { month: month.toISOString().slice(0, 7), totals };
  }
}
