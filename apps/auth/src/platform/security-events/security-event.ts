/** Why a refresh token family or a browser session was revoked. */
const REVOCATION_REASONS = [
  'logout',
  'reuse',
  'rolled_back',
  'code_reuse',
  'ended_by_owner',
  'ended_by_operator',
  'consent_withdrawn',
  'password_changed',
  'email_changed',
  'session_limit',
  'account_disabled',
  'account_erased',
  'role_revoked',
  'client_disabled',
] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

/** Who caused the change: a job of the server, the owner of the account, or an operator at the CLI. */
export type Actor = 'server' | 'owner' | 'operator';

/** Why the authentication of a client failed. */
const CLIENT_REFUSAL_REASONS = [
  'unknown_client',
  'no_credentials',
  'wrong_method',
  'wrong_secret',
  'wrong_assertion',
  'repeated_assertion',
  'public_client',
] as const;
export type ClientRefusalReason = (typeof CLIENT_REFUSAL_REASONS)[number];

/** Why a login, or the confirmation of a password, failed. */
const LOGIN_FAILURE_REASONS = ['unknown_account', 'wrong_password', 'disabled_account'] as const;
export type LoginFailureReason = (typeof LOGIN_FAILURE_REASONS)[number];

type EventWithReason = Extract<SecurityEvent, { readonly reason: string }>;

/** The reasons of each type of event that has them. */
export const EVENT_REASONS: {
  readonly [Type in EventWithReason['type']]: readonly Extract<
    EventWithReason,
    { readonly type: Type }
  >['reason'][];
} = {
  'login.failed': LOGIN_FAILURE_REASONS,
  'client.refused': CLIENT_REFUSAL_REASONS,
  'family.ended': REVOCATION_REASONS,
  'browser_session.ended': REVOCATION_REASONS,
};

/** A refused request of a client. The texts are bounded, and contain no secret, code or token. */
interface Refusal {
  /** The `client_id` of the request, which may be unknown. */
  readonly clientId?: string;
  readonly endpoint: string;
  /** The error code of the answer. */
  readonly error: string;
  /** The check that failed. */
  readonly check: string;
  /** The value that the check compared. */
  readonly presented?: string;
  readonly expected?: string;
}

interface SessionReference {
  readonly accountId: string;
  readonly clientId: string;
  readonly sessionId: string;
}

/** Every security decision that an operator may want to see. The union is closed. */
export type SecurityEvent =
  | { readonly type: 'account.registered'; readonly accountId: string }
  | { readonly type: 'account.registration_repeated' }
  /** `renewed`: the account logged in again in the same browser session. */
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
  /** The user granted scopes to a client. */
  | {
      readonly type: 'consent.granted';
      readonly accountId: string;
      readonly clientId: string;
      readonly scope: string;
    }
  /** The user withdrew all scopes, and the sessions of the client ended. */
  | { readonly type: 'consent.withdrawn'; readonly accountId: string; readonly clientId: string }
  /** `reused`: the code was redeemed before, and the session of the first redemption ended. */
  | {
      readonly type: 'authorization_code.issued' | 'authorization_code.reused';
      readonly accountId: string;
      readonly clientId: string;
    }
  | ({ readonly type: 'authorization_code.redeemed' } & SessionReference)
  | ({ readonly type: 'family.begun' } & SessionReference)
  | { readonly type: 'login.failed'; readonly reason: LoginFailureReason }
  /** A login came too soon after failed logins. The password was not checked. */
  | { readonly type: 'login.delayed' }
  | ({ readonly type: 'family.ended'; readonly reason: RevocationReason } & SessionReference)
  | ({ readonly type: 'client.refused'; readonly reason: ClientRefusalReason } & Omit<
      Refusal,
      'error'
    >)
  /** Requests to the endpoints that a client calls itself: token, revocation, introspection. */
  | ({ readonly type: 'token.refused' } & Refusal)
  | ({ readonly type: 'authorization.refused' } & Refusal)
  | {
      readonly type:
        | 'account.password_changed'
        /** The owner chose the password by a link of a mail. */
        | 'account.password_reset'
        | 'account.email_verified'
        | 'account.email_changed'
        /** The owner of the previous address took it back. */
        | 'account.email_restored'
        | 'account.created'
        | 'account.claims_changed'
        | 'account.disabled'
        | 'account.enabled'
        | 'account.erased';
      readonly accountId: string;
      readonly by: Actor;
    }
  | {
      readonly type: 'role.granted' | 'role.revoked';
      readonly accountId: string;
      readonly role: string;
      readonly by: Actor;
    }
  /** A mail with a link was sent to an address. `accountId` is missing if the address has no account yet. */
  | {
      readonly type: 'email_action.mailed';
      readonly kind: string;
      readonly accountId?: string | undefined;
    }
  /** A link was wrong, used or expired, or a code or the password was wrong. */
  | { readonly type: 'email_action.refused'; readonly kind: string }
  /** An operator invited the owner of an e-mail address to register. */
  | { readonly type: 'account.invited'; readonly by: Actor }
  | {
      readonly type:
        'client.created' | 'client.secret_rotated' | 'client.disabled' | 'client.enabled';
      readonly clientId: string;
      readonly by: Actor;
    }
  /** `changed`: the names of the properties. */
  | {
      readonly type: 'client.updated';
      readonly clientId: string;
      readonly changed: string;
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
  /** `backed_up`: a copy of the database was made. `restored`: the database is such a copy, and `ops after-restore` secured it. */
  | { readonly type: 'database.backed_up' | 'database.restored'; readonly by: Actor }
  /** `count` events of the type `of` were not stored, because more than the limit came in a minute. */
  | { readonly type: 'events.suppressed'; readonly of: string; readonly count: number }
  /** The old end of the chain was deleted up to `seq`, whose hash was `hash`. */
  | { readonly type: 'events.pruned'; readonly seq: number; readonly hash: string };
