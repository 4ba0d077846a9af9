import { Problem } from '@gatehouse/service-kit';

/** Another server does not answer or fails. The session stays, and the same request can succeed later. */
export class UpstreamUnavailable extends Problem {
  /** @param target such as `orders`, for the log and for the client's text */
  constructor(
    readonly target: string,
    cause?: unknown,
  ) {
    super(503, {
      detail: `${target} cannot be reached now. Try again in a moment.`,
      extensions: { code: 'unavailable', target },
      headers: { 'Retry-After': '2' },
    });
    this.cause = cause;
  }
}

/** The browser has no session, or its session has ended. */
export const signInRequired = () =>
  new Problem(401, { detail: 'Sign in first.', extensions: { code: 'sign_in_required' } });
