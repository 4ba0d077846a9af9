import type { EndReason } from '../refresh-tokens/refresh-token-family.entity.js';
import type { SecurityEvent } from './security-event.js';

type EventType = SecurityEvent['type'];

interface Kind {
  /** Logged as a warning: somebody should look when there are many, or one at all. */
  readonly isAlarming: boolean;
  /** Anybody can cause it as often as they like, and it changes nothing: see `EventAllowance`. */
  readonly isFromStrangers: boolean;
}

const PLAIN: Kind = { isAlarming: false, isFromStrangers: false };
const ALARM: Kind = { isAlarming: true, isFromStrangers: false };

/**
 * `account.registered` is caused by strangers as well, but an account stands for each: what bounds the one bounds the
 * other.
 */
export const EVENT_KINDS: Readonly<Record<EventType, Kind>> = {
  'account.registered': PLAIN,
  'account.registration_repeated': { isAlarming: false, isFromStrangers: true },
  'account.created': PLAIN,
  'account.claims_changed': PLAIN,
  'account.disabled': PLAIN,
  'account.password_changed': PLAIN,
  'login.failed': { isAlarming: true, isFromStrangers: true },
  'login.delayed': { isAlarming: true, isFromStrangers: true },
  'browser_session.begun': PLAIN,
  'browser_session.renewed': PLAIN,
  'browser_session.ended': PLAIN,
  'consent.granted': PLAIN,
  'consent.withdrawn': PLAIN,
  'authorization_code.issued': PLAIN,
  'authorization_code.redeemed': PLAIN,
  'authorization_code.reused': { isAlarming: true, isFromStrangers: true },
  'family.begun': PLAIN,
  'family.ended': PLAIN,
  'client.refused': { isAlarming: true, isFromStrangers: true },
  'client.created': PLAIN,
  'client.secret_rotated': PLAIN,
  'client.disabled': PLAIN,
  'signing_key.staged': PLAIN,
  'signing_key.activated': PLAIN,
  'signing_key.retiring': PLAIN,
  'signing_key.retired': PLAIN,
  'signing_key.revoked': ALARM,
  'signing_key.resealed': PLAIN,
  'database.backed_up': PLAIN,
  'database.restored': ALARM,
  'events.suppressed': ALARM,
  'events.pruned': PLAIN,
};

const ALARMING_ENDS: readonly EndReason[] = ['reuse', 'rolled_back', 'code_reuse'];

/** A session that ends other than by the will of its owner, the operator or the rules is alarming. */
export const isAlarming = (event: SecurityEvent): boolean =>
  event.type === 'family.ended'
    ? ALARMING_ENDS.includes(event.reason)
    : EVENT_KINDS[event.type].isAlarming;
