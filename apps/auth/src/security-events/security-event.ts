import type { EndReason } from '../refresh-tokens/refresh-token-family.entity.js';

/** On whose word: the server's plan, the person concerned, or somebody at the operations CLI. */
export type Actor = 'server' | 'owner' | 'operator';

/** Why a client could not prove who it is. */
export type ClientRefusalReason =
  'unknown_client' | 'wrong_method' | 'wrong_secret' | 'wrong_assertion' | 'repeated_assertion';

interface Session {
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
      readonly reason: EndReason;
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
  | ({ readonly type: 'authorization_code.redeemed' } & Session)
  | ({ readonly type: 'family.begun' } & Session)
  | {
      readonly type: 'login.failed';
      readonly reason: 'unknown_account' | 'wrong_password' | 'disabled_account';
    }
  /** A login came too soon after those that failed: nothing was tried. */
  | { readonly type: 'login.delayed' }
  | ({ readonly type: 'family.ended'; readonly reason: EndReason } & Session)
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
