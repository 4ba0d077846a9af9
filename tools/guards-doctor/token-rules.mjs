import ts from 'typescript';
import { baseOf } from './application.mjs';
import { literalIn } from './passport-rules.mjs';
import { finding } from './rules.mjs';
import { findAll } from './sources.mjs';

/** @typedef {import('./application.mjs').Application} Application */
/** @typedef {import('./rules.mjs').Finding} Finding */

const DECODERS =
  /^(?:jsonwebtoken (?:default\.)?decode|JwtService decode|jwt-decode \w+|jose decodeJwt)$/;
/** Names of guards that let calls without a token pass on purpose. */
const OPTIONAL = /option|anonym|public/i;
const VERIFIERS = /^jsonwebtoken (?:default\.)?verify$/;

/**
 * Faults of code that verifies tokens without passport-jwt, of jwks-rsa, and of guards.
 *
 * @param {Application} application
 * @returns {Finding[]}
 */
export function checkTokens(application) {
  const { files, calls, classes, names, globalGuards, guardsModules } = application;
  const made = files.flatMap((file) => findAll(file, ts.isNewExpression));
  const kept = guardsModules.length > 0 ? globalGuards : [];
  return [
    ...[...calls, ...made].flatMap((call) => checkCall(call, application)),
    ...classes.flatMap((owner) => checkGuard(owner, application)),
    ...kept
      .filter((guard) =>
        baseOf(names.originOf(guard)?.declaration)?.getText().includes('AuthGuard'),
      )
      .map((guard) => finding(guard, 'two-global-guards', guard.getText())),
  ];
}

/** @param {ts.CallExpression | ts.NewExpression} call @param {Application} application @returns {Finding[]} */
function checkCall(call, application) {
  const ownName = application.names.fullNameOf(call.expression);
  const name = ownName || `JwtService ${methodOfJwtService(call, application)}`;
  const [first, second, third] = call.arguments ?? [];
  if (name.startsWith('jwks-rsa ')) return checkKeySet(first, application);
  if (name === '@nestjs/jwt JwtModule.register') return checkJwtModule(first, application);
  if (DECODERS.test(name)) return checkDecode(call);
  if (name.startsWith('JwtService verify')) return checkVerify(call, second, application);
  return VERIFIERS.test(name) ? checkVerify(call, third, application) : [];
}

/** @param {ts.Expression | undefined} options @param {Application} application @returns {Finding[]} */
function checkJwtModule(options, { names }) {
  const secret = names.propertiesOf(options)?.get('secret');
  const literal = secret && literalIn(secret, names);
  return literal ? [finding(literal, 'secret-in-source')] : [];
}

/** The method, where `JwtService` is the type of its object. @param {ts.CallExpression | ts.NewExpression} call @param {Application} application */
function methodOfJwtService({ expression }, { names }) {
  if (!ts.isPropertyAccessExpression(expression)) return undefined;
  const declaration = names.originOf(expression.expression)?.declaration;
  const type =
    declaration && 'type' in declaration ? /** @type {ts.Node} */ (declaration.type) : undefined;
  if (!type || !ts.isTypeReferenceNode(type)) return undefined;
  const isService = names.fullNameOf(type.typeName) === '@nestjs/jwt JwtService';
  return isService ? expression.name.text : undefined;
}

/** Whether code is in a guard, gateway, middleware or interceptor. @param {ts.Node} node */
function decidesOnRequests(node) {
  const members = ts.findAncestor(node, ts.isClassDeclaration)?.members ?? [];
  return members.some((one) =>
    /^(?:canActivate|handleConnection|use|intercept)$/.test(one.name?.getText() ?? ''),
  );
}

/** @param {ts.Node} call @param {ts.Expression | undefined} argument @param {Application} application @returns {Finding[]} */
function checkVerify(call, argument, { names, calls }) {
  const options = argument ? names.propertiesOf(argument) : new Map();
  if (!options || !decidesOnRequests(call)) return [];
  const expiry = options.get('ignoreExpiration');
  if (expiry && expiry.kind !== ts.SyntaxKind.FalseKeyword)
    return [finding(expiry, 'ignore-expiration')];
  const hasDefaults = calls.some((one) =>
    /^JwtModule\.register.*verifyOptions/s.test(one.getText()),
  );
  const missing = ['algorithms', 'audience'].filter((name) => !options.has(name));
  return hasDefaults || missing.length === 0
    ? []
    : [finding(call, 'loose-verify', missing.join(' and '))];
}

/** @param {ts.Node} call @returns {Finding[]} */
function checkDecode(call) {
  const scope = ts.findAncestor(
    call,
    (node) => ts.isMethodDeclaration(node) || ts.isFunctionDeclaration(node),
  );
  // The code around it verifies or has just signed this token.
  if (/\b(?:verify|sign)(?:Async)?\s*[(<]/.test(scope?.getText() ?? '')) return [];
  return [finding(call, decidesOnRequests(call) ? 'decode-in-guard' : 'decode-without-verify')];
}

/** @param {ts.Expression | undefined} argument @param {Application} application @returns {Finding[]} */
function checkKeySet(argument, { names }) {
  const options = names.propertiesOf(argument);
  const uri = options?.get('jwksUri');
  if (!argument || !options || !uri) return [];
  const isPlain = /^['"`]http:\/\/(?!localhost|127\.)/.test(names.valueOf(uri).getText());
  // jwks-rsa caches unless told otherwise, and limits only when told to.
  const defaults = Object.entries({ cache: 'true', rateLimit: 'false' });
  const missing = defaults
    .filter(([name, value]) => (options.get(name)?.getText() ?? value) === 'false')
    .map(([name]) => name);
  return [
    ...(isPlain ? [finding(uri, 'key-set-over-http')] : []),
    ...(missing.length > 0 ? [finding(argument, 'key-set-requests', missing.join(' and '))] : []),
  ];
}

/** @param {ts.ClassDeclaration} owner @param {Application} application @returns {Finding[]} */
function checkGuard(owner, { guardsModules }) {
  const name = `${owner.name?.text}`;
  const methods = new Map(
    owner.members.filter(ts.isMethodDeclaration).map((one) => [one.name.getText(), one]),
  );
  const handler = baseOf(owner) && methods.get('handleRequest');
  const write = guardsModules.length > 0 && methods.has('canActivate') && writeOfUser(owner);
  if (handler && letsPass(name, handler)) return [finding(handler.name, 'guard-lets-pass', name)];
  return write ? [finding(write, 'user-overwritten', name)] : [];
}

/** Whether `handleRequest(error, user)` only returns the user. @param {string} guard @param {ts.MethodDeclaration} method */
function letsPass(guard, { parameters, body }) {
  const text = body?.getText().replaceAll(/\s+/g, ' ') ?? '';
  const returned = /^\{ return (\w+)(?: (?:\|\||\?\?) (?:null|undefined|false))?; \}$/.exec(
    text,
  )?.[1];
  return (
    !OPTIONAL.test(guard) && returned !== undefined && returned === parameters[1]?.name.getText()
  );
}

/** An assignment to `request.user` or `request['user']`. @param {ts.Node} owner */
function writeOfUser(owner) {
  return findAll(owner, ts.isBinaryExpression).find(({ left, operatorToken }) => {
    const isAssignment = operatorToken.kind === ts.SyntaxKind.EqualsToken;
    return isAssignment && /^(?!this\.).*(?:\.user|\[['"]user['"]\])$/s.test(left.getText());
  });
}
