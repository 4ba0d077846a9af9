import { invalidToken } from '../support/answer.js';
import { tokenCases } from '../support/corpus-case.js';
import { withClaims } from '../support/forge.js';

const THUMBPRINT = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';

/** Bound tokens without a proof. A resource server that supports no proofs may accept them. */
const bindings: readonly [id: string, title: string, rule: string, cnf: unknown][] = [
  ['dpop', 'The token is bound to a DPoP key', 'RFC 9449 §7.2', { jkt: THUMBPRINT }],
  ['certificate', 'The token is bound to a certificate', 'RFC 8705 §3', { 'x5t#S256': THUMBPRINT }],
  ['unknown', 'The token is bound by an unknown method', 'RFC 7800 §3.1', { oracle: 1 }],
  ['null', 'cnf is null', 'RFC 7800 §3.1', null],
];

export const binding = tokenCases(
  invalidToken,
  bindings.map(([id, title, rule, cnf]) => ({
    id: `bound-${id}`,
    title,
    rule,
    reason: 'bound_token',
    stricter: true,
    token: withClaims({ cnf }),
  })),
);
