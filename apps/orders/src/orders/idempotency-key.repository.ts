import { createHash } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock, Problem } from '@gatehouse/service-kit';
import { HttpStatus, Injectable } from '@nestjs/common';

/** A string of RFC 9651 §3.3.3 without escapes; its quotation marks may be left out, as most clients do. */
const IDEMPOTENCY_KEY_FORMAT =
  /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]{1,128})"|([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,128}))$/;

/**
 * `Idempotency-Key` of draft-ietf-httpapi-idempotency-key-header §2.
 *
 * @returns undefined where there is none: then a request that is repeated does its work again
 * @throws {Problem} 400
 */
export function parseIdempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined;
  const [, quoted, bare] = IDEMPOTENCY_KEY_FORMAT.exec(header) ?? [];
  const key = quoted ?? bare;
  if (key === undefined) {
    throw new Problem(HttpStatus.BAD_REQUEST, {
      detail:
        '`Idempotency-Key` must be a string of 1 to 128 visible ASCII characters, such as a UUID.',
    });
  }
  return key;
}

/** A request that its sender may repeat. */
export interface IdempotentRequest {
  /** Keys of one subject say nothing about those of another. */
  readonly subject: string;
  readonly key: string;
  /** What it asks for: the same key must ask for the same. */
  readonly content: object;
}

/** A subject can reuse a key after its expiry, so an expired row is of no use. */
export const EXPIRED_IDEMPOTENCY_KEYS = {
  table: 'idempotency_key',
  key: 'subject, request_key',
  condition: 'expires_at <= $1',
  orderedBy: 'expires_at',
  retentionSeconds: 0,
};

const DAY_MS = 86_400_000;
/** A subject may have this many keys in force. */
const MAX_KEYS_PER_SUBJECT = 10_000;

/** A key that has ended is as good as new. There must be room for a new one. */
const CLAIM_KEY = `
  INSERT INTO idempotency_key (subject, request_key, fingerprint, order_id, expires_at)
  SELECT CAST($1 AS text), CAST($2 AS varchar(128)), CAST($3 AS varchar(43)), CAST($4 AS varchar(26)), CAST($5 AS bigint)
  WHERE NOT EXISTS (SELECT 1 FROM idempotency_key WHERE subject = $1 LIMIT 1 OFFSET ${MAX_KEYS_PER_SUBJECT - 1})
  ON CONFLICT (subject, request_key) DO UPDATE
  SET fingerprint = excluded.fingerprint, order_id = excluded.order_id, expires_at = excluded.expires_at
  WHERE idempotency_key.expires_at <= $6`;

const FIND_KEY = `
  SELECT order_id AS "orderId", fingerprint FROM idempotency_key
  WHERE subject = $1 AND request_key = $2 AND expires_at > $3`;

interface ClaimedKey {
  readonly orderId: string;
  readonly fingerprint: string;
}

/** Which request made which order, for a day: whoever repeats a request is given what it made. */
@Injectable()
export class IdempotencyKeyRepository {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
  ) {}

  /**
   * Joins the transaction that makes the order. Of requests with one key that come at once, on any replica, the first one
   * claims it; the others wait here for its end, and find it claimed.
   *
   * @returns the order that belongs to the request: the one that is given, or that of the first request
   * @throws {Problem} 422 where the key came with another content, 429 where the subject has too many
   */
  async claim({ subject, key, content }: IdempotentRequest, orderId: string): Promise<string> {
    const now = this.clock.now();
    const fingerprint = computeFingerprint(content);
    const { affected } = await this.unitOfWork.execute(CLAIM_KEY, [
      subject,
      key,
      fingerprint,
      orderId,
      now + DAY_MS,
      now,
    ]);
    if (affected === 1) return orderId;
    // By the connection of the transaction: every one that waited for a second connection could be the last.
    const { rows } = await this.unitOfWork.execute<ClaimedKey>(FIND_KEY, [subject, key, now]);
    const [first] = rows;
    if (!first) throw tooManyKeys();
    if (first.fingerprint !== fingerprint) throw keyReused();
    return first.orderId;
  }
}

/** Draft §2.7: "the idempotency key is reused with a different request payload". */
const keyReused = () =>
  new Problem(HttpStatus.UNPROCESSABLE_ENTITY, {
    detail: 'This `Idempotency-Key` was used for another request.',
  });

const tooManyKeys = () =>
  new Problem(HttpStatus.TOO_MANY_REQUESTS, {
    detail: `At most ${MAX_KEYS_PER_SUBJECT} values of \`Idempotency-Key\` are kept for you, each for a day.`,
    headers: { 'Retry-After': '3600' },
  });

/** Of the content as it was read, so that spaces and the order of members make no difference. */
const computeFingerprint = (content: object): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('base64url');
