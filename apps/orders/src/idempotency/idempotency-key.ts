import { Problem } from '@gatehouse/service-kit';
import { HttpStatus } from '@nestjs/common';

/** A string of RFC 9651 §3.3.3 without escapes; its quotation marks may be left out, as most clients do. */
const FORM =
  /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]{1,128})"|([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,128}))$/;

/**
 * `Idempotency-Key` of draft-ietf-httpapi-idempotency-key-header §2.
 *
 * @returns undefined where there is none: then a request that is repeated does its work again
 * @throws {Problem} 400
 */
export function idempotencyKeyOf(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, quoted, bare] = FORM.exec(header) ?? [];
  const key = quoted ?? bare;
  if (key === undefined) {
    throw new Problem(HttpStatus.BAD_REQUEST, {
      detail:
        '`Idempotency-Key` must be a string of 1 to 128 visible ASCII characters, such as a UUID.',
    });
  }
  return key;
}
