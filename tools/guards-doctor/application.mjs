import ts from 'typescript';
import { GUARDS, Names } from './names.mjs';
import { findAll } from './sources.mjs';

/**
 * A decorator, or a call in the function that makes it, such as `UseGuards` in `applyDecorators(UseGuards(…))`.
 *
 * @typedef {{ name: string, module?: string | undefined, args: readonly ts.Expression[] }} Applied
 */
/**
 * `owner` is the class with `@Controller()`, which may inherit the method. `route` is the decorator that makes it a handler,
 * `applied` are all decorators of the method and of its class.
 *
 * @typedef {{ kind: string, method: ts.MethodDeclaration, owner: ts.ClassDeclaration, route: Applied, applied: Applied[] }} Handler
 */
/** @typedef {ReturnType<typeof readApplication>} Application */

const HANDLERS = [
  [
    'HTTP',
    /^(?:@nestjs\/common (?:Get|Post|Put|Patch|Delete|All|Options|Head|Search|Sse)|@ts-rest\/nest TsRest(?:Handler)?)$/,
  ],
  ['GraphQL', /^@nestjs\/graphql (?:Query|Mutation|Subscription)$/],
  ['WebSocket', /^@nestjs\/websockets SubscribeMessage$/],
  ['microservice', /^@nestjs\/microservices (?:MessagePattern|EventPattern|Grpc\w+)$/],
];
const OWNERS = /^(?:Controller|Resolver|WebSocketGateway|GuardedGateway)$/;
/** Global guards that do not authenticate. */
const NOT_AUTHENTICATION = /throttl|rate.?limit|role|permission|polic|csrf|ability|casl|scope/i;
const AUTHENTICATION = /auth|jwt|token|session|passport/i;
const MAX_DEPTH = 4;

/**
 * What the rules need to know about a service.
 *
 * @param {import('./sources.mjs').Sources} sources
 */
export function readApplication(sources) {
  const { files } = sources;
  const names = new Names(sources);
  const calls = files.flatMap((file) => findAll(file, ts.isCallExpression));
  const classes = files.flatMap((file) => findAll(file, ts.isClassDeclaration));
  const guardsModules = calls.filter(({ expression }) =>
    names.fullNameOf(expression).startsWith(`${GUARDS} GuardsModule.forRoot`),
  );
  const middleware = calls.filter((call) => isCallOf(call, 'apply'));
  return {
    ...{ files, calls, classes, names, guardsModules, isCallOf },
    chainOf: (/** @type {ts.ClassDeclaration} */ owner) => chainOf(owner, names),
    handlers: classes.flatMap((owner) => handlersOf(owner, names)),
    globalGuards: globalGuardsIn({ files, calls, names }),
    hasMiddleware: middleware.some((call) =>
      call.arguments.some((one) => AUTHENTICATION.test(one.getText())),
    ),
  };
}

/** Whether a method of this name is called. @param {ts.CallExpression} call @param {string} name */
function isCallOf({ expression }, name) {
  return ts.isPropertyAccessExpression(expression) && expression.name.text === name;
}

/** A class and its own base classes. @param {ts.ClassDeclaration} owner @param {Names} names @returns {ts.ClassDeclaration[]} */
function chainOf(owner, names) {
  const declaration = names.originOf(baseOf(owner))?.declaration;
  const isClass = declaration && ts.isClassDeclaration(declaration) && declaration !== owner;
  return isClass ? [owner, ...chainOf(declaration, names)] : [owner];
}

/** @param {ts.ClassDeclaration} owner @param {Names} names @returns {Handler[]} */
function handlersOf(owner, names) {
  const chain = chainOf(owner, names);
  const ofClass = chain.flatMap((one) => decoratorsOf(one, names));
  if (!ofClass.some(({ name }) => OWNERS.test(name))) return [];
  return chain
    .flatMap(({ members }) => members.filter(ts.isMethodDeclaration))
    .flatMap((method) => {
      const applied = decoratorsOf(method, names);
      return HANDLERS.flatMap(([kind, pattern]) => {
        const route = applied.find(({ module, name }) =>
          new RegExp(pattern).test(`${module} ${name}`),
        );
        return route
          ? [{ kind: String(kind), route, method, owner, applied: [...applied, ...ofClass] }]
          : [];
      });
    });
}

/** @param {ts.ClassDeclaration | ts.MethodDeclaration} node @param {Names} names */
function decoratorsOf(node, names) {
  const decorators = ts.getDecorators(node) ?? [];
  return decorators.flatMap(({ expression }) => expand(expression, names));
}

/** @param {ts.Expression} expression @param {Names} names @returns {Applied[]} */
function expand(expression, names, depth = 0) {
  const { expression: called, arguments: args } = ts.isCallExpression(expression)
    ? expression
    : { expression, arguments: [] };
  const { module, name = called.getText(), declaration } = names.originOf(called) ?? {};
  const inner = declaration && depth < MAX_DEPTH ? findAll(declaration, ts.isCallExpression) : [];
  const applied = inner.filter((one) => one !== expression);
  return [{ name, module, args }, ...applied.flatMap((one) => expand(one, names, depth + 1))];
}

/**
 * The guards of `APP_GUARD` and `useGlobalGuards()` that authenticate.
 *
 * @param {{ files: ts.SourceFile[], calls: ts.CallExpression[], names: Names }} application
 */
function globalGuardsIn({ files, calls, names }) {
  const provided = files
    .flatMap((file) => findAll(file, ts.isObjectLiteralExpression))
    .map((node) => names.propertiesOf(node))
    .filter((all) => names.fullNameOf(all?.get('provide')) === '@nestjs/core APP_GUARD')
    .flatMap((all) =>
      ['useClass', 'useExisting', 'useFactory', 'useValue'].map((name) => all?.get(name)),
    );
  const used = calls.filter((call) => isCallOf(call, 'useGlobalGuards'));
  return [...provided, ...used.flatMap((call) => [...call.arguments])].flatMap((guard) =>
    guard && !NOT_AUTHENTICATION.test(classNameIn(guard)) ? [guard] : [],
  );
}

/** The class of a guard, also of `new X(…)` and of a factory that returns one. @param {ts.Expression} guard */
function classNameIn(guard) {
  return /new (\w+)/.exec(guard.getText())?.[1] ?? guard.getText();
}

/** What a class extends. @param {ts.Node | undefined} owner */
export function baseOf(owner) {
  if (!owner || !ts.isClassDeclaration(owner)) return undefined;
  const clauses = owner.heritageClauses?.filter(
    ({ token }) => token === ts.SyntaxKind.ExtendsKeyword,
  );
  return clauses?.[0]?.types[0].expression;
}

/** Whether a handler or its class has a guard that is not about rates. @param {Handler} handler */
export function hasOwnGuard({ applied }) {
  return applied.some(({ name, module, args }) => {
    if (module === GUARDS) return true;
    return name === 'UseGuards' && args.some((one) => !/throttl|rate.?limit/i.test(one.getText()));
  });
}
