import { randomBytes } from 'node:crypto';
import { Injectable, type PipeTransform } from '@nestjs/common';
import { invoiceNotFound } from './invoice-problems.js';

export const INVOICE_ID = /^inv_[\w-]{22}$/;

/** `inv_` and 128 random bits, so an attacker cannot guess an id. */
export const createInvoiceId = (): string => `inv_${randomBytes(16).toString('base64url')}`;

/** Answers a malformed id like an unknown one, without a query. */
@Injectable()
export class InvoiceIdPipe implements PipeTransform<string, string> {
  /** @throws {Problem} 404 */
  transform(text: string): string {
    if (!INVOICE_ID.test(text)) throw invoiceNotFound();
    return text;
  }
}
