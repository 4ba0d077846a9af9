import { createHash } from 'node:crypto';
import { UnitOfWork } from '@gatehouse/persistence';
import { Clock, Problem } from '@gatehouse/service-kit';
import { HttpStatus, Injectable } from '@nestjs/common';

/** A request that its sender may repeat. */
export interface KeyedRequest {
  /** Keys of one subject say nothing about those of another. */
  readonly subject: string;
  readonly key: string;
  /** What it asks for: the same key must ask for the same. */
  readonly content: object;
}

const DAY_MS = 86_400_000;
/** A subject may have this many keys in force. */
const MOST_KEYS = 10_000;

/** A key that has ended is as good as new. There must be room for a new one. */
const CLAIM = `
  INSERT INTO idempotency_key (subject, request_key, fingerprint, order_id, expires_at)
  SELECT CAST($1 AS text), CAST($2 AS varchar(128)), CAST($3 AS varchar(43)), CAST($4 AS varchar(26)), CAST($5 AS bigint)
  WHERE NOT EXISTS (SELECT 1 FROM idempotency_key WHERE subject = $1 LIMIT 1 OFFSET ${MOST_KEYS - 1})
  ON CONFLICT (subject, request_key) DO UPDATE
  SET fingerprint = excluded.fingerprint, order_id = excluded.order_id, expires_at = excluded.expires_at
  WHERE idempotency_key.expires_at <= $6`;

const FIND = `
  SELECT order_id AS "orderId", fingerprint FROM idempotency_key
  WHERE subject = $1 AND request_key = $2 AND expires_at > $3`;

interface Claimed {
  readonly orderId: string;
  readonly fingerprint: string;
}

/** Which request made which order, for a day: whoever repeats a request is given what it made. */
@Injectable()
export class IdempotencyKeys {
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
  async claim({ subject, key, content }: KeyedRequest, orderId: string): Promise<string> {
    const now = this.clock.now();
    const fingerprint = fingerprintOf(content);
    const { affected } = await this.unitOfWork.execute(CLAIM, [
      subject,
      key,
      fingerprint,
      orderId,
      now + DAY_MS,
      now,
    ]);
    if (affected === 1) return orderId;
    // By the connection of the transaction: every one that waited for a second connection could be the last.
    const { rows } = await this.unitOfWork.execute<Claimed>(FIND, [subject, key, now]);
    const [first] = rows;
    if (!first) throw tooManyKeys();
    if (first.fingerprint !== fingerprint) throw keyOfAnotherRequest();
    return first.orderId;
  }
}

/** Draft §2.7: "the idempotency key is reused with a different request payload". */
const keyOfAnotherRequest = () =>
  new Problem(HttpStatus.UNPROCESSABLE_ENTITY, {
    detail: 'This `Idempotency-Key` was used for another request.',
  });

const tooManyKeys = () =>
  new Problem(HttpStatus.TOO_MANY_REQUESTS, {
    detail: `At most ${MOST_KEYS} values of \`Idempotency-Key\` are kept for you, each for a day.`,
    headers: { 'Retry-After': '3600' },
  });

/** Of the content as it was read, so that spaces and the order of members make no difference. */
const fingerprintOf = (content: object): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('base64url');
