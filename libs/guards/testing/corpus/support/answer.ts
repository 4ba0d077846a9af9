/** An answer that is right. */
export interface ExpectedAnswer {
  /** 200 stands for every success. */
  readonly status: number;
  /** `error` of the challenge; `''` for a challenge without one, undefined where none is asked for. */
  readonly error?: string;
  /** Whose challenge. Default `Bearer`. */
  readonly scheme?: 'Bearer' | 'DPoP';
}

/** What came back. */
export interface ReceivedAnswer {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  /** `WWW-Authenticate`, undefined when there is none. */
  readonly challenge: string | undefined;
  readonly contentType: string | undefined;
  readonly body: string;
}

export const accepted: readonly ExpectedAnswer[] = [{ status: 200 }];

/** RFC 6750 §3.1. */
export const invalidToken: readonly ExpectedAnswer[] = [{ status: 401, error: 'invalid_token' }];
export const invalidRequest: readonly ExpectedAnswer[] = [
  { status: 400, error: 'invalid_request' },
];
export const insufficientScope: readonly ExpectedAnswer[] = [
  { status: 403, error: 'insufficient_scope' },
];

/** RFC 9449 §7.1. */
export const invalidProof: readonly ExpectedAnswer[] = [
  { status: 401, error: 'invalid_dpop_proof', scheme: 'DPoP' },
];
export const invalidBoundToken: readonly ExpectedAnswer[] = [
  { status: 401, error: 'invalid_token', scheme: 'DPoP' },
];

/** No credentials: a challenge, and no error code (RFC 6750 §3.1). */
export const noCredentials: readonly ExpectedAnswer[] = [{ status: 401, error: '' }];

/** Whether text that is no JWT spoils the token or the request is for the resource server to say. */
export const malformedToken = [...invalidToken, ...invalidRequest];

/** Whether such credentials are wrong or not there at all is for the resource server to say. */
export const unusableCredentials = [...malformedToken, ...noCredentials];

export const closedConnection: ExpectedAnswer = { status: 0 };

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

export function isExpected(
  received: Pick<ReceivedAnswer, 'status' | 'challenge'>,
  expected: readonly ExpectedAnswer[],
): boolean {
  return expected.some(({ status, error, scheme }) => {
    if (isSuccess(status)) return isSuccess(received.status);
    const isError = error === undefined || error === errorCode(received, scheme);
    return status === received.status && isError;
  });
}

/** `error` of the challenge of a scheme, `''` when it has none, undefined when there is no such challenge. */
export function errorCode(
  { challenge = '' }: Pick<ReceivedAnswer, 'challenge'>,
  scheme: 'Bearer' | 'DPoP' = 'Bearer',
): string | undefined {
  const [, parameters] = CHALLENGE[scheme].exec(challenge) ?? [];
  if (parameters === undefined) return undefined;
  return /\berror\s*=\s*"?([^",\s]+)/i.exec(parameters)?.[1] ?? '';
}

/** Up to the challenge of the other one (RFC 9110 §11.6.1). */
const CHALLENGE = {
  Bearer: /(?:^|,\s*)Bearer\b(.*?)(?:,\s*DPoP\b|$)/i,
  DPoP: /(?:^|,\s*)DPoP\b(.*?)(?:,\s*Bearer\b|$)/i,
};
