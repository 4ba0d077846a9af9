import type { RevocationReason } from '../../sessions/refresh-token-family.entity.js';

/** On whose word: the server's plan, the person concerned, or somebody at the operations CLI. */
export type Actor = 'server' | 'owner' | 'operator';

/** Why a client could not prove who it is. */
export type ClientRefusalReason =
  'unknown_client' | 'wrong_method' | 'wrong_secret' | 'wrong_assertion' | 'repeated_assertion';

interface SessionReference {
  readonly accountId: string;
  readonly clientId: string;
  readonly sessionId: string;
}

/** Every security decision that an operator may want to see. The union is closed: nothing else is reported. */
export type SecurityEvent =
  | { readonly type: 'account.registered'; readonly accountId: string }
  | { readonly type: 'account.registration_repeated' }
  /** Somebody logged in with a browser; or once more, in the same session. */
  | {
      readonly type: 'browser_session.begun' | 'browser_session.renewed';
      readonly accountId: string;
      readonly sessionId: string;
    }
  | {
      readonly type: 'browser_session.ended';
      readonly reason: RevocationReason;
      readonly accountId: string;
      readonly sessionId: string;
    }
  /** A person allowed a client to do something for them. */
  | {
      readonly type: 'consent.granted';
      readonly accountId: string;
      readonly clientId: string;
      readonly scope: string;
    }
  /** They took all of it back; what the client had of it has ended. */
  | { readonly type: 'consent.withdrawn'; readonly accountId: string; readonly clientId: string }
  /** `reused`: it had been redeemed before, and what began then has ended. */
  | {
      readonly type: 'authorization_code.issued' | 'authorization_code.reused';
      readonly accountId: string;
      readonly clientId: string;
    }
  | ({ readonly type: 'authorization_code.redeemed' } & SessionReference)
  | ({ readonly type: 'family.begun' } & SessionReference)
  | {
      readonly type: 'login.failed';
      readonly reason: 'unknown_account' | 'wrong_password' | 'disabled_account';
    }
  /** A login came too soon after those that failed: nothing was tried. */
  | { readonly type: 'login.delayed' }
  | ({ readonly type: 'family.ended'; readonly reason: RevocationReason } & SessionReference)
  | { readonly type: 'client.refused'; readonly reason: ClientRefusalReason }
  | { readonly type: 'account.password_changed'; readonly accountId: string; readonly by: Actor }
  | {
      readonly type: 'account.created' | 'account.claims_changed' | 'account.disabled';
      readonly accountId: string;
      readonly by: Actor;
    }
  | {
      readonly type: 'client.created' | 'client.secret_rotated' | 'client.disabled';
      readonly clientId: string;
      readonly by: Actor;
    }
  | {
      readonly type:
        | 'signing_key.staged'
        | 'signing_key.activated'
        | 'signing_key.retiring'
        | 'signing_key.retired'
        | 'signing_key.revoked'
        | 'signing_key.resealed';
      readonly kid: string;
      readonly algorithm: string;
      readonly by: Actor;
    }
  /** A copy of the database was made, or the database is such a copy and was made safe. */
  | { readonly type: 'database.backed_up' | 'database.restored'; readonly by: Actor }
  /** More of a kind than are worth a row each came in a minute. */
  | { readonly type: 'events.suppressed'; readonly of: string; readonly count: number }
  /** The chain was cut at its old end: what is left begins after `seq`, whose hash was `hash`. */
  | { readonly type: 'events.pruned'; readonly seq: number; readonly hash: string };

type EventType = SecurityEvent['type'];

interface EventProperties {
  /** Logged as a warning: somebody should look when there are many, or one at all. */
  readonly isAlarming: boolean;
  /** Anybody can cause it as often as they like, and it changes nothing: see `EventAllowance`. */
  readonly isRateLimited: boolean;
}

const ROUTINE: EventProperties = { isAlarming: false, isRateLimited: false };
const ALARMING: EventProperties = { isAlarming: true, isRateLimited: false };

/**
 * `account.registered` is caused by strangers as well, but an account stands for each: what bounds the one bounds the
 * other.
 */
export const EVENT_PROPERTIES: Readonly<Record<EventType, EventProperties>> = {
  'account.registered': ROUTINE,
  'account.registration_repeated': { isAlarming: false, isRateLimited: true },
  'account.created': ROUTINE,
  'account.claims_changed': ROUTINE,
  'account.disabled': ROUTINE,
  'account.password_changed': ROUTINE,
  'login.failed': { isAlarming: true, isRateLimited: true },
  'login.delayed': { isAlarming: true, isRateLimited: true },
  'browser_session.begun': ROUTINE,
  'browser_session.renewed': ROUTINE,
  'browser_session.ended': ROUTINE,
  'consent.granted': ROUTINE,
  'consent.withdrawn': ROUTINE,
  'authorization_code.issued': ROUTINE,
  'authorization_code.redeemed': ROUTINE,
  'authorization_code.reused': { isAlarming: true, isRateLimited: true },
  'family.begun': ROUTINE,
  'family.ended': ROUTINE,
  'client.refused': { isAlarming: true, isRateLimited: true },
  'client.created': ROUTINE,
  'client.secret_rotated': ROUTINE,
  'client.disabled': ROUTINE,
  'signing_key.staged': ROUTINE,
  'signing_key.activated': ROUTINE,
  'signing_key.retiring': ROUTINE,
  'signing_key.retired': ROUTINE,
  'signing_key.revoked': ALARMING,
  'signing_key.resealed': ROUTINE,
  'database.backed_up': ROUTINE,
  'database.restored': ALARMING,
  'events.suppressed': ALARMING,
  'events.pruned': ROUTINE,
};

const ALARMING_REASONS: readonly RevocationReason[] = ['reuse', 'rolled_back', 'code_reuse'];

/** A session that ends other than by the will of its owner, the operator or the rules is alarming. */
export const isAlarming = (event: SecurityEvent): boolean =>
  event.type === 'family.ended'
    ? ALARMING_REASONS.includes(event.reason)
    : EVENT_PROPERTIES[event.type].isAlarming;
