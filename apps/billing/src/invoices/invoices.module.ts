import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Invoice } from './invoice.entity.js';
import { InvoicesController } from './invoices.controller.js';
import { Invoices } from './invoices.js';

@Module({
  imports: [TypeOrmModule.forFeature([Invoice])],
  controllers: [InvoicesController],
  providers: [Invoices],
  exports: [Invoices],
})
export class InvoicesModule {}
