/** An answer that a case allows. */
export interface ExpectedAnswer {
  /** 200 stands for every 2xx status. */
  readonly status: number;
  /** `error` of the challenge, `''` for a challenge without `error`. Undefined if the challenge does not matter. */
  readonly error?: string;
  /** The scheme of the challenge. Default `Bearer`. */
  readonly scheme?: 'Bearer' | 'DPoP';
}

/** The answer of the service. */
export interface ReceivedAnswer {
  /** 0 if the connection closed without an answer. */
  readonly status: number;
  /** The header `WWW-Authenticate`, if present. */
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

/** A request without credentials gets a challenge without an error code (RFC 6750 §3.1). */
export const noCredentials: readonly ExpectedAnswer[] = [{ status: 401, error: '' }];

/** For text that is not a JWT, the resource server may answer `invalid_token` or `invalid_request`. */
export const malformedToken = [...invalidToken, ...invalidRequest];

/** For unusable credentials, the resource server may answer as for invalid ones or as for absent ones. */
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

/** Returns `error` of the scheme's challenge, `''` if the challenge has no `error`, undefined without such a challenge. */
export function errorCode(
  { challenge = '' }: Pick<ReceivedAnswer, 'challenge'>,
  scheme: 'Bearer' | 'DPoP' = 'Bearer',
): string | undefined {
  const [, parameters] = CHALLENGE[scheme].exec(challenge) ?? [];
  if (parameters === undefined) return undefined;
  return /\berror\s*=\s*"?([^",\s]+)/i.exec(parameters)?.[1] ?? '';
}

/** Each pattern ends at the challenge of the other scheme (RFC 9110 §11.6.1). */
const CHALLENGE = {
  Bearer: /(?:^|,\s*)Bearer\b(.*?)(?:,\s*DPoP\b|$)/i,
  DPoP: /(?:^|,\s*)DPoP\b(.*?)(?:,\s*Bearer\b|$)/i,
};
