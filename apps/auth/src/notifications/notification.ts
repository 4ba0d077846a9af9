/** What an owner is told about an account: see {@link messageOf} for the words. */
export type NotificationKind = 'refresh_token_reused' | 'password_changed';

/** The session that it is about, as far as it is known. Only what the server concluded from it reaches a message. */
export interface NotificationDetail {
  readonly userAgent?: string | null;
  readonly origin?: string | null;
}

/** One that is to be sent, with the address as it is now. */
export interface DueNotification {
  readonly id: string;
  readonly accountId: string;
  readonly email: string;
  readonly kind: NotificationKind;
  /** {@link NotificationDetail} as JSON. */
  readonly detail: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly attempts: number;
}
