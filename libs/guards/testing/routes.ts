import 'reflect-metadata';
import { type INestApplication, RequestMethod, type Type } from '@nestjs/common';
import { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { RoutePathFactory } from '@nestjs/core/router/route-path-factory.js';
import { AccessRules } from '../src/index.js';
import type { AccessRule } from '../src/nest/access-rule.js';

/** Metadata keys of Nest's decorators for controllers, handlers and the RouterModule. */
const PATH = 'path';
const METHOD = 'method';
const VERSION = '__version__';
const MODULE_PATH = '__module_path__';

/** One route of one handler. */
interface Route {
  readonly method: string;
  /** The path, with a value for every parameter. */
  readonly path: string;
  /** Undefined for a handler that these guards do not know. */
  readonly rule: AccessRule | undefined;
}

export interface GuardedRoute extends Route {
  readonly rule: AccessRule;
}

/** The routes that these guards protect. The others are public, or left to other guards. */
export function listGuardedRoutes(app: INestApplication): GuardedRoute[] {
  return listRoutes(app).flatMap(({ rule, ...address }) =>
    rule && rule.access !== 'public' ? [{ ...address, rule }] : [],
  );
}

/** Lists every route of the controllers of an application, with global prefix and version. */
export function listRoutes(app: INestApplication): Route[] {
  const rules = app.get(AccessRules);
  const addresses = new RouteAddresses(app);
  return [...app.get(ModulesContainer).values()].flatMap((module) =>
    [...module.controllers.values()].flatMap(({ metatype }) => {
      if (typeof metatype !== 'function') return [];
      const controller = metatype as Type; // Nest's type covers controllers and factories.
      return listHandlers(controller).flatMap((handler) =>
        addresses.list(controller, handler, module.metatype).map((address) => ({
          ...address,
          rule: rules.of(controller, handler),
        })),
      );
    }),
  );
}

function listHandlers(controller: Type): object[] {
  const methods: object[] = [];
  for (let at: object | null = controller.prototype; at && at !== Object.prototype;) {
    const own = Object.values(Object.getOwnPropertyDescriptors(at)).map(({ value }) => value);
    methods.push(...own.filter((value) => typeof value === 'function'));
    at = Reflect.getPrototypeOf(at);
  }
  return methods.filter((method) => Reflect.hasMetadata(METHOD, method));
}

class RouteAddresses {
  private readonly config: ApplicationConfig;
  private readonly paths: RoutePathFactory;
  private readonly modulePath: string;

  constructor(app: INestApplication) {
    const config: unknown = Reflect.get(app, 'config');
    if (!(config instanceof ApplicationConfig))
      throw new Error('The value is not a Nest application');
    this.config = config;
    this.paths = new RoutePathFactory(config);
    this.modulePath = MODULE_PATH + app.get(ModulesContainer).applicationId;
  }

  list(controller: Type, handler: object, module: object): { method: string; path: string }[] {
    const requestMethod: RequestMethod = Reflect.getMetadata(METHOD, handler);
    const versioning = this.config.getVersioning();
    const common = {
      globalPrefix: this.config.getGlobalPrefix(),
      modulePath: Reflect.getMetadata(this.modulePath, module),
      controllerVersion: Reflect.getMetadata(VERSION, controller) ?? versioning?.defaultVersion,
      methodVersion: Reflect.getMetadata(VERSION, handler),
      ...(versioning && { versioningOptions: versioning }),
    };
    const method = requestMethod === RequestMethod.ALL ? 'GET' : RequestMethod[requestMethod];
    return getPaths(controller).flatMap((ctrlPath) =>
      getPaths(handler).flatMap((methodPath) =>
        this.paths
          .create(
            {
              ...common,
              ctrlPath: withLeadingSlash(ctrlPath),
              methodPath: withLeadingSlash(methodPath),
            },
            requestMethod,
          )
          .map((path) => ({ method, path: fillParameters(path) })),
      ),
    );
  }
}

function getPaths(target: object): string[] {
  return [Reflect.getMetadata(PATH, target) ?? '/'].flat();
}

function withLeadingSlash(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

/** Makes `/orders/x` of `/orders/:id`, and `/files/x` of `/files/*path`. */
function fillParameters(path: string): string {
  return path.replace(/\{([^}]*)\}/g, '$1').replace(/[:*]\w*/g, 'x');
}
