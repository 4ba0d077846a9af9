import type { EndReason } from '../refresh-tokens/refresh-token-family.entity.js';

interface Session {
  readonly accountId: string;
  readonly clientId: string;
  readonly sessionId: string;
}

/** Every security decision that an operator may want to see. The union is closed: nothing else is reported. */
export type SecurityEvent =
  | { readonly type: 'account.registered'; readonly accountId: string }
  | { readonly type: 'account.registration_repeated' }
  | ({ readonly type: 'family.begun' } & Session)
  | {
      readonly type: 'login.failed';
      readonly reason: 'unknown_account' | 'wrong_password' | 'disabled_account';
    }
  | ({ readonly type: 'family.ended'; readonly reason: EndReason } & Session)
  | {
      readonly type: 'client.refused';
      readonly reason: 'unknown_client' | 'wrong_method' | 'wrong_secret';
    }
  | { readonly type: 'signing_key.created'; readonly kid: string; readonly algorithm: string };
