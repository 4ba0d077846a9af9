import { insufficientScope, invalidToken } from '../support/answer.js';
import { type Resource, swapCase, type TokenCase, tokenCases } from '../support/corpus-case.js';
import { unchanged } from '../support/forge.js';

type Row = readonly [id: string, title: string, scope: (scope: string) => unknown];

/** Scopes are separated by single spaces and are case-sensitive (RFC 6749 §3.3, RFC 8693 §4.2). */
const texts: readonly Row[] = [
  ['missing', 'scope is missing', () => undefined],
  ['empty', 'scope is an empty string', () => ''],
  ['other', 'scope is another scope', () => 'another:scope'],
  ['prefix', 'scope is a prefix of the required scope', (scope) => scope.slice(0, -1)],
  ['suffix', 'scope begins with the required scope', (scope) => `${scope}:all`],
  ['case', 'scope is the required scope in another case', (scope) => swapCase(scope)],
  ['wildcard', 'scope is a wildcard', () => '* ** :* openid'],
  ['comma', 'Scopes are separated by a comma', (scope) => `${scope},another`],
  ['semicolon', 'Scopes are separated by a semicolon', (scope) => `another;${scope}`],
  ['no-break-space', 'Scopes are separated by a no-break space', (scope) => `x\u00a0${scope}`],
  ['tab', 'Scopes are separated by a tab', (scope) => `another\t${scope}`],
  ['line-break', 'Scopes are separated by a line break', (scope) => `another\n${scope}`],
];

const otherClaims = ['scopes', 'scp', 'roles', 'permissions', 'authorities'] as const;

const malformed: readonly Row[] = [
  ['array', 'scope is an array that contains the required scope', (scope) => [scope]],
  [
    'object',
    'scope is an object with the required scope as a name',
    (scope) => ({ [scope]: true }),
  ],
  ['nested', 'scope is a nested array that contains the required scope', (scope) => [[scope]]],
  ['null', 'scope is null', () => null],
  ['true', 'scope is true', () => true],
];

const RULE = 'RFC 6750 §3.1, RFC 9068 §2.2.3';
const appliesTo = ({ scope }: Resource) => scope !== undefined;

export const scope = tokenCases(insufficientScope, [
  ...texts.map(([id, title, value]): TokenCase => ({
    id: `scope-${id}`,
    title,
    rule: RULE,
    reason: 'insufficient_scope',
    appliesTo,
    token: (forge) => forge.accessToken({ scope: value(forge.target.scope ?? '') }),
  })),
  ...otherClaims.map((name): TokenCase => ({
    id: `scope-as-${name}`,
    title: `scope is missing, and "${name}" contains the required scope`,
    rule: RULE,
    reason: 'insufficient_scope',
    stricter: true,
    appliesTo,
    token: (forge) => forge.accessToken({ scope: undefined, [name]: [forge.target.scope] }),
  })),
  {
    id: 'scope-in-prototype',
    title: 'scope is missing, and a member __proto__ contains it',
    rule: RULE,
    reason: 'insufficient_scope',
    appliesTo,
    token: (forge) =>
      forge.signedText(unchanged, (json) =>
        json.replace(/"scope":("[^"]*")/, '"__proto__":{"scope":$1}'),
      ),
  },
  ...malformed.map(([id, title, value]): TokenCase => ({
    id: `scope-${id}`,
    title,
    rule: 'RFC 8693 §4.2',
    expected: [...invalidToken, ...insufficientScope],
    reason: 'malformed_claims',
    appliesTo,
    ...(id === 'array' && { stricter: true }),
    token: (forge) => forge.accessToken({ scope: value(forge.target.scope ?? '') }),
  })),
]);
