import ts from 'typescript';
import { hasOwnGuard } from './application.mjs';
import { finding } from './rules.mjs';
import { findAll } from './sources.mjs';

/** @typedef {import('./application.mjs').Application} Application */
/** @typedef {import('./application.mjs').Handler} Handler */
/** @typedef {import('./rules.mjs').Finding} Finding */

const PUBLIC_DECORATOR =
  /public|anonym|skip.?auth|no.?auth|unauthenticated|unprotected|allow.?any|optional.?(?:auth|token|jwt)/i;
/** Handlers that must be open: they sign in, or they are about an account whose user cannot sign in. */
const SIGN_IN =
  /log-?(?:in|out)|sign-?(?:in|up|out)|regist|refresh|forgot|reset|recover|confirm|verif|activat|callback|redirect|oauth|otp|captcha|token/i;
/** These names leave no doubt, in any controller. */
const SIGN_IN_NAME = /(?:^|['"/])(?:log-?(?:in|out)|sign-?(?:in|up|out))(?:$|['"/])/i;
const ACCOUNTS = /auth|account|user|session|log-?in|sign|password|regist|member|oidc|sso/i;
const OPEN = /webhook|public|health/i;
const OPEN_READ =
  /live|read(?:y|iness)|ping|metrics|status|version|docs|swagger|openapi|well-known|jwks|robots|favicon|index|home|hello|root/i;
const READS = ['Get', 'Head', 'Options', 'Sse', 'Query', 'Subscription'];

/**
 * Handlers that no guard protects.
 *
 * @param {Application} application
 * @returns {Finding[]}
 */
export function checkHandlers(application) {
  // The guards refuse to start with an open handler, unless they only report it.
  if (
    application.guardsModules.some((call) => !/undeclaredHandlers:\s*'report/.test(call.getText()))
  )
    return [];
  const open = application.handlers.filter((one) => !hasOwnGuard(one) && !isDeclaredPublic(one));
  const socketMethods = open.filter(({ kind }) => kind === 'WebSocket');
  return [
    ...checkRequests(application, open.filter(isRequest)),
    ...socketMethods.map((handler) => checkGateway(handler, application)),
    ...checkMessages(
      application,
      open.filter(({ kind }) => kind === 'microservice'),
    ),
  ];
}

/** @param {Handler} handler */
const isRequest = ({ kind }) => kind === 'HTTP' || kind === 'GraphQL';

/** @param {Handler} handler */
function isDeclaredPublic({ applied }) {
  return applied.some(
    ({ name, module }) => module !== '@nestjs/swagger' && PUBLIC_DECORATOR.test(name),
  );
}

/** @param {Application} application @param {Handler[]} open @returns {Finding[]} */
function checkRequests({ globalGuards, hasMiddleware, handlers }, open) {
  if (globalGuards.length > 0 || hasMiddleware || open.length === 0) return [];
  if (!handlers.filter(isRequest).some(hasOwnGuard))
    return [finding(open[0].method.name, 'no-guard', String(open.length))];
  return open
    .filter((handler) => !looksPublic(handler))
    .map((handler) => {
      const rule = READS.includes(handler.route.name) ? 'unguarded-read' : 'unguarded-write';
      return finding(handler.method.name, rule, titleOf(handler), handler.route.name);
    });
}

/** @param {Handler} handler */
function looksPublic({ method, owner, route, applied }) {
  const paths = applied.filter(({ name }) => name === 'Controller').flatMap(({ args }) => args);
  const place = [owner.name?.text, ...paths.map((one) => one.getText())].join(' ');
  const names = [method.name.getText(), ...route.args.map((one) => one.getText())];
  const purpose = names.join(' ');
  if (names.some((name) => SIGN_IN_NAME.test(name))) return true;
  if (OPEN.test(`${place} ${purpose}`)) return true;
  if (SIGN_IN.test(purpose) && ACCOUNTS.test(place)) return true;
  return READS.includes(route.name) && OPEN_READ.test(`${place} ${purpose}`);
}

/** @param {Handler} handler @param {Application} application */
function checkGateway(handler, { chainOf, classes }) {
  const adapters = classes.filter(({ heritageClauses = [] }) =>
    heritageClauses.some((clause) => /\b(?:Io|Ws|WebSocket)Adapter\b/.test(clause.getText())),
  );
  const isChecked = [...chainOf(handler.owner), ...adapters].some(checksConnection);
  return finding(
    handler.method.name,
    isChecked ? 'gateway-checks-once' : 'unguarded-gateway',
    titleOf(handler),
  );
}

/** Whether a gateway or an adapter refuses connections. @param {ts.ClassDeclaration} owner */
function checksConnection({ members }) {
  return members.some((member) => {
    if (!/^(?:handleConnection|afterInit|create\w*)$/.test(member.name?.getText() ?? ''))
      return false;
    return /\b(?:disconnect|close|terminate|verify\w*|allowRequest|use)\b|throw /.test(
      member.getText(),
    );
  });
}

/** @param {Application} application @param {Handler[]} open @returns {Finding[]} */
function checkMessages({ calls, isCallOf, globalGuards }, open) {
  const hybrid = calls.filter((call) => isCallOf(call, 'connectMicroservice'));
  const isPure = hybrid.length === 0 && calls.some((call) => isCallOf(call, 'createMicroservice'));
  if (hybrid.length === 0 && !isPure) return [];
  const reason =
    globalGuards.length === 0
      ? 'no global guard authenticates'
      : 'global guards do not reach it without inheritAppConfig: true';
  const isReached = globalGuards.length > 0 && (isPure || hybrid.every(inheritsGuards));
  return isReached
    ? []
    : open.map((one) => finding(one.method.name, 'unguarded-message', titleOf(one), reason));
}

/** @param {ts.CallExpression} call */
function inheritsGuards({ arguments: [, options] }) {
  const properties = options ? findAll(options, ts.isPropertyAssignment) : [];
  return properties.some((one) => /^inheritAppConfig:\s*true$/.test(one.getText()));
}

/** @param {Handler} handler */
function titleOf({ owner, method }) {
  return `${owner.name?.text ?? 'A class'}.${method.name.getText()}`;
}
