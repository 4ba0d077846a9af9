import { errorCode, isSuccess } from './sources.mjs';

/** A received answer in a few words: `401 invalid_token`. */
export function receivedText({ status, challenge }) {
  if (status === 0) return 'no answer';
  if (isSuccess(status)) return String(status);
  const error = errorCode({ challenge }) ?? errorCode({ challenge }, 'DPoP');
  if (error !== undefined) return `${status} ${error || 'Bearer'}`;
  return status === 401 ? '401, no challenge' : String(status);
}

/** What is right, in a few words: `401 invalid_token or 400 invalid_request`. */
export function expectedText(expected) {
  const texts = expected.map(({ status, error }) => {
    if (isSuccess(status)) return '2xx';
    if (status === 0) return 'a closed connection';
    if (error === undefined) return String(status);
    return `${status} ${error || 'Bearer'}`;
  });
  return texts.join(' or ');
}
