import { insufficientScope, invalidToken } from '../support/answer.js';
import { type Resource, swapCase, type TokenCase, tokenCases } from '../support/corpus-case.js';
import { unchanged } from '../support/forge.js';

type Row = readonly [id: string, title: string, scope: (scope: string) => unknown];

/** Names separated by single spaces, compared case by case (RFC 6749 §3.3, RFC 8693 §4.2). */
const texts: readonly Row[] = [
  ['missing', 'There is no scope', () => undefined],
  ['empty', 'scope is empty', () => ''],
  ['other', 'scope is another', () => 'another:scope'],
  ['prefix', 'scope is the beginning of the right one', (scope) => scope.slice(0, -1)],
  ['suffix', 'scope begins like the right one', (scope) => `${scope}:all`],
  ['case', 'scope is right but for its case', (scope) => swapCase(scope)],
  ['wildcard', 'scope is a wildcard', () => '* ** :* openid'],
  ['comma', 'Scopes are separated by a comma', (scope) => `${scope},another`],
  ['semicolon', 'Scopes are separated by a semicolon', (scope) => `another;${scope}`],
  ['no-break-space', 'Scopes are separated by a no-break space', (scope) => `x\u00a0${scope}`],
  ['tab', 'Scopes are separated by a tab', (scope) => `another\t${scope}`],
  ['line-break', 'Scopes are separated by a line break', (scope) => `another\n${scope}`],
];

const otherClaims = ['scopes', 'scp', 'roles', 'permissions', 'authorities'] as const;

const malformed: readonly Row[] = [
  ['array', 'scope is an array with the right one', (scope) => [scope]],
  ['object', 'scope is an object with the right one', (scope) => ({ [scope]: true })],
  ['nested', 'scope is an array in an array', (scope) => [[scope]]],
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
    title: `There is no scope, and "${name}" has the right one`,
    rule: RULE,
    reason: 'insufficient_scope',
    stricter: true,
    appliesTo,
    token: (forge) => forge.accessToken({ scope: undefined, [name]: [forge.target.scope] }),
  })),
  {
    id: 'scope-in-prototype',
    title: 'There is no scope, and a member __proto__ has it',
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
