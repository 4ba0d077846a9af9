import { randomBytes } from 'node:crypto';
import { PUBLIC_CLIENT } from './gatehouse.mjs';

const DAY = 86_400_000;

const FAMILIES_PER_ACCOUNT = 4;

/** Of a hundred families so many ended in the last hour; those that ended before were cleaned up. */
const ENDED_PERCENT = 2;

/** A real one is as long. */
const PASSWORD_HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$0123456789abcdefghijkl$0123456789012345678901234567890123456789012';

const USER_AGENT =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36';

/**
 * The accounts that so many families are of.
 *
 * @param {any} families
 */
export function* accounts(families) {
  const now = Date.now();
  for (let index = 0; index * FAMILIES_PER_ACCOUNT < families; index += 1) {
    yield {
      id: accountId(index),
      email: `account.${index}@mail.example`,
      password_hash: PASSWORD_HASH,
      created_at: now - 60 * DAY,
    };
  }
}

/**
 * Families as they are after two months: logged in and refreshed at some time, a few of them ended.
 *
 * @param {number} count
 */
export function* families(count) {
  const now = Date.now();
  for (let index = 0; index < count; index += 1) {
    const createdAt = now - before(60 * DAY);
    const rotatedAt = Math.max(createdAt, now - before(13 * DAY));
    const isEnded = Math.random() * 100 < ENDED_PERCENT;
    yield {
      id: randomBytes(16).toString('base64url'),
      account_id: accountId(Math.floor(index / FAMILIES_PER_ACCOUNT)),
      client_id: PUBLIC_CLIENT,
      scope: 'orders:read orders:write billing:read billing:pay',
      resource: 'http://localhost:3001 http://localhost:3002',
      generation: before(2000),
      rotated_at: rotatedAt,
      created_at: createdAt,
      idle_expires_at: rotatedAt + 14 * DAY,
      absolute_expires_at: createdAt + 90 * DAY,
      user_agent: USER_AGENT,
      origin: '203.0.113.0/24',
      status_index: statusIndex(index),
      ended_at: isEnded ? now - before(DAY / 24) : null,
      end_reason: isEnded ? 'logout' : null,
    };
  }
}

const LIST_SIZE = 2 ** 20;

/**
 * The lists are 1, 2 …; successive families have distant places in a list.
 *
 * @param {any} index
 */
export function statusIndex(index) {
  const list = 1 + Math.floor(index / LIST_SIZE);
  return list * LIST_SIZE + (((index % LIST_SIZE) * 387_413 + 1_729) % LIST_SIZE);
}

/** @param {any} index */
function accountId(index) {
  return `acct_fill${String(index).padStart(18, '0')}`;
}

/**
 * A whole number from 0 on.
 *
 * @param {any} end
 */
function before(end) {
  return Math.floor(Math.random() * end);
}
