import { randomBytes } from 'node:crypto';
import { Injectable, type PipeTransform } from '@nestjs/common';
import { orderNotFound } from './order-problems.js';

export const ORDER_ID = /^ord_[\w-]{22}$/;

/** `ord_` and 128 random bits: an id tells nothing, and nobody guesses one. */
export const createOrderId = (): string => `ord_${randomBytes(16).toString('base64url')}`;

/** What cannot be an id is answered like an id that is unknown, before the database is asked. */
@Injectable()
export class OrderIdPipe implements PipeTransform<string, string> {
  /** @throws {Problem} 404 */
  transform(text: string): string {
    if (!ORDER_ID.test(text)) throw orderNotFound();
    return text;
  }
}
