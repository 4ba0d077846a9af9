import ts from 'typescript';
import { baseOf } from './application.mjs';
import { finding } from './rules.mjs';
import { findAll } from './sources.mjs';

/** @typedef {import('./application.mjs').Application} Application */
/** @typedef {import('./names.mjs').Names} Names */
/** @typedef {import('./rules.mjs').Finding} Finding */
/** @typedef {Map<string, ts.Expression>} Options */

/** passport-jwt writes these over `jsonWebTokenOptions`, also when they are undefined. */
const CHECKS = ['issuer', 'audience', 'algorithms', 'ignoreExpiration'];
const OPTIONS =
  'jwtFromRequest secretOrKey secretOrKeyProvider passReqToCallback jsonWebTokenOptions'
    .split(' ')
    .concat(CHECKS);
const VERIFY_OPTIONS =
  'allowInvalidAsymmetricKeyTypes clockTimestamp clockTolerance complete ignoreNotBefore jwtid maxAge nonce subject'
    .split(' ')
    .concat(CHECKS);
/** Words in the code of an extractor that does not read the header. @type {[words: RegExp, rule: string][]} */
const PLACES = [
  [/fromUrlQueryParameter|versionOneCompatibility|\bquery\b/, 'token-in-query'],
  [/fromBodyField|\bbody\b/, 'token-in-body'],
  [/cookie/i, 'token-in-cookie'],
];

/**
 * Strategies of passport-jwt that accept more than they seem to.
 *
 * @param {Application} application
 * @returns {Finding[]}
 */
export function checkPassport({ files, classes, names }) {
  const isStrategy = (/** @type {ts.Node | undefined} */ node) =>
    /^passport-jwt (?:.+\.)?Strategy$/.test(names.fullNameOf(node));
  const made = files
    .flatMap((file) => findAll(file, ts.isNewExpression))
    .filter(({ expression }) => isStrategy(expression));
  const extended = classes.flatMap((owner) => {
    const base = baseOf(owner);
    const strategy = base && ts.isCallExpression(base) ? base.arguments[0] : base;
    if (!isStrategy(strategy)) return [];
    return findAll(owner, ts.isCallExpression).filter(
      ({ expression }) => expression.kind === ts.SyntaxKind.SuperKeyword,
    );
  });
  return [...made, ...extended].flatMap((call) => {
    const options = names.propertiesOf(call.arguments?.[0]);
    if (!options) return [];
    return [
      ...checkNames(options, names),
      ...checkValues(call, options, names),
      ...checkKey(options, names),
      ...checkExtractor(call, options, names),
    ];
  });
}

/** @param {Options} options @param {Names} names @returns {Finding[]} */
function checkNames(options, names) {
  const inner = names.propertiesOf(options.get('jsonWebTokenOptions')) ?? new Map();
  return [
    ...[...inner].map(([name, value]) => {
      if (CHECKS.includes(name)) return finding(value, 'ignored-option', name);
      return VERIFY_OPTIONS.includes(name) ? [] : unknown(name, value);
    }),
    ...[...options].map(([name, value]) => (OPTIONS.includes(name) ? [] : unknown(name, value))),
  ].flat();
}

/** @param {string} name @param {ts.Expression} value */
function unknown(name, value) {
  const start = name.toLowerCase().slice(0, 3);
  const similar = OPTIONS.find((known) => known.toLowerCase().startsWith(start));
  const advice = VERIFY_OPTIONS.includes(name) ? 'move it into jsonWebTokenOptions' : 'remove it';
  return finding(value, 'unknown-option', name, similar ? `use "${similar}"` : advice);
}

/** @param {ts.Node} call @param {Options} options @param {Names} names @returns {Finding[]} */
function checkValues(call, options, names) {
  const required = isSharedSecret(options, names) ? [] : ['algorithms', 'audience', 'issuer'];
  const missing = required.filter((name) => !options.has(name));
  const unset = ['audience', 'issuer'].flatMap((name) => {
    const text = options.get(name)?.getText() ?? '';
    const variable =
      /^process\.env(?:\.|\[['"])(\w+)(?:['"]\])?!?(?: as string)?(?: (?:\?\?|\|\|) (?:''|""|undefined))?$/.exec(
        text,
      )?.[1];
    return variable ? [finding(options.get(name) ?? call, 'unset-option', name, variable)] : [];
  });
  const expiry = options.get('ignoreExpiration');
  const ignores = expiry && names.valueOf(expiry).kind !== ts.SyntaxKind.FalseKeyword;
  return [
    ...missing.map((name) => finding(call, `missing-${name}`)),
    ...unset,
    ...(ignores ? [finding(expiry, 'ignore-expiration')] : []),
  ];
}

/** @param {Options} options @param {Names} names @returns {Finding[]} */
function checkKey(options, names) {
  const key = options.get('secretOrKey');
  const literal = key && literalIn(key, names);
  if (literal && !/BEGIN/.test(literal.getText())) return [finding(literal, 'secret-in-source')];
  return key && isSharedSecret(options, names) ? [finding(key, 'shared-secret')] : [];
}

/** Whether the key is a secret, by its name and the algorithms. @param {Options} options @param {Names} names */
function isSharedSecret(options, names) {
  const key = options.get('secretOrKey');
  if (
    !key ||
    /public|pem\b|cert|\bpub|rsa|BEGIN/i.test(key.getText() + names.valueOf(key).getText())
  )
    return false;
  const algorithms = options.get('algorithms');
  return !algorithms || !/['"](?:RS|PS|ES|Ed)/.test(names.valueOf(algorithms).getText());
}

/**
 * A secret that is written in the source, also as a default of another value.
 *
 * @param {ts.Expression} node
 * @param {Names} names
 * @returns {ts.Expression | undefined}
 */
export function literalIn(node, names) {
  const value = names.valueOf(node);
  if (ts.isStringLiteralLike(value)) return value.text === '' ? undefined : value;
  const isDefault =
    ts.isBinaryExpression(value) && /^(?:\|\||\?\?)$/.test(value.operatorToken.getText());
  return isDefault ? literalIn(value.right, names) : undefined;
}

/** @param {ts.Node} call @param {Options} options @param {Names} names @returns {Finding[]} */
function checkExtractor(call, options, names) {
  const extractor = options.get('jwtFromRequest');
  const owner = ts.findAncestor(call, ts.isClassDeclaration) ?? call;
  // A refresh token is no access token. Its usual places are the body and a cookie.
  if (!extractor || /refresh/i.test(owner.getText())) return [];
  const parts = [
    ...findAll(extractor, ts.isPropertyAccessExpression),
    ...findAll(extractor, ts.isIdentifier),
  ];
  const declared = parts.flatMap((one) => names.originOf(one)?.declaration ?? []);
  const code = [names.valueOf(extractor), ...declared].map((one) => one.getText()).join('\n');
  const found = PLACES.filter(([words]) => words.test(code));
  return found.map(([, rule]) => finding(extractor, rule));
}
