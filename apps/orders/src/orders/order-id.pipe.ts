import { randomBytes } from 'node:crypto';
import { Injectable, type PipeTransform } from '@nestjs/common';
import { orderNotFound } from './order-problems.js';

export const ORDER_ID = /^ord_[\w-]{22}$/;

/** `ord_` and 128 random bits, so an attacker cannot guess an id. */
export const createOrderId = (): string => `ord_${randomBytes(16).toString('base64url')}`;

/** Answers a malformed id like an unknown one, without a query. */
@Injectable()
export class OrderIdPipe implements PipeTransform<string, string> {
  /** @throws {Problem} 404 */
  transform(text: string): string {
    if (!ORDER_ID.test(text)) throw orderNotFound();
    return text;
  }
}
