import { dropJson, dropLines } from '../edits.mjs';

const GUARDS = 'libs/guards';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Guards for opaque tokens, by introspection (RFC 7662)',
  paths: [
    'apps/auth/test/flows/introspection-by-guards.spec.ts',
    `${GUARDS}/docs/introspection.md`,
    `${GUARDS}/src/introspection`,
    `${GUARDS}/test/flows/introspection`,
    `${GUARDS}/test/support/introspection-server.ts`,
  ],
  edits: [
    dropJson(`${GUARDS}/package.json`, ['exports', './introspection']),
    dropLines('tools/guards-copy/parts.mjs', /^ {2}introspection:/),
  ],
};
