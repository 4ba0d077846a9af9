import { Module } from '@nestjs/common';
import { InvoicesModule } from '../invoices/invoices.module.js';
import { TotalsController } from './totals.controller.js';

/** Separate from invoices and imported after payments, because the order of modules is the order of paths in `openapi.json`. */
@Module({ imports: [InvoicesModule], controllers: [TotalsController] })
export class TotalsModule {}
