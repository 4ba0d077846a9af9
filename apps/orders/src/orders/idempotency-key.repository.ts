import { createHash } from 'node:crypto';
import { CleanupJob, createIndexedCleanup, UnitOfWork } from '@gatehouse/persistence';
import { Clock, Problem } from '@gatehouse/service-kit';
import { HttpStatus, Injectable, type OnModuleInit } from '@nestjs/common';

/** A string of RFC 9651 §3.3.3 without escapes. Its quotation marks are optional, because most clients omit them. */
const IDEMPOTENCY_KEY_FORMAT =
  /^(?:"([\x20\x21\x23-\x5b\x5d-\x7e]{1,128})"|([\x21\x23-\x2b\x2d-\x5b\x5d-\x7e]{1,128}))$/;

/**
 * Reads `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header §2).
 *
 * @returns undefined when the header is missing; a repeated request then places another order
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

/** A request that its client may repeat. */
export interface IdempotentRequest {
  /** Two subjects may use the same key for different requests. */
  readonly subject: string;
  readonly key: string;
  /** A second request with the key must have equal content. */
  readonly content: object;
}

/** A subject can reuse a key after its expiry, so an expired row is of no use. */
const EXPIRED_KEYS = {
  table: 'idempotency_key',
  key: 'subject, request_key',
  condition: 'expires_at <= $1',
  orderedBy: 'expires_at',
  retentionSeconds: 0,
};

const DAY_MS = 86_400_000;
/** Unexpired keys of one subject. */
const MAX_KEYS_PER_SUBJECT = 10_000;

/**
 * Inserts a key or replaces an expired one. This is SQL because its conditions are the lock and the quota: of simultaneous
 * requests with the same key, one changes a row.
 */
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

/** Remembers for a day which request placed which order, so that a repeated request gets the same order. */
@Injectable()
export class IdempotencyKeyRepository implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly clock: Clock,
    private readonly cleanup: CleanupJob,
  ) {}

  onModuleInit(): void {
    this.cleanup.add(createIndexedCleanup(this.unitOfWork, EXPIRED_KEYS));
  }

  /**
   * Joins the transaction that places the order. The first of several simultaneous requests with one key claims it, on any
   * replica. The others wait for the end of that transaction and then find the claimed key.
   *
   * @returns the order of the request: the given one, or the one of the first request
   * @throws {Problem} 422 when the key was used with other content, 429 when the subject has too many keys
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
    // Reads on the transaction's connection. With a second one, all connections of the pool could wait for another.
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

/** Computed from the parsed content, so spaces and the order of members make no difference. */
const computeFingerprint = (content: object): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('base64url');
