import { claims } from './claims.js';
import { encoding } from './encoding.js';
import type { Forgery } from './forging.js';
import { algorithms, headers } from './header.js';
import { keys, signatures } from './signature.js';

/** Each breaks one rule, and all but the edited ones are really signed with the issuer's key. */
export const forgedTokens: Forgery[] = [
  ...algorithms,
  ...headers,
  ...keys,
  ...signatures,
  ...encoding,
  ...claims,
];
