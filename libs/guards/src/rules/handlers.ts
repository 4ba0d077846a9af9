import type { Type } from '@nestjs/common';
import type { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { type HandlerKind, kindsOf } from './handler-kind.js';

/** A method that Nest calls for somebody outside. */
export interface Handler {
  readonly owner: Type;
  readonly method: string;
  readonly target: object;
  readonly kind: HandlerKind;
}

/** All of them, of controllers, resolvers and gateways. One that answers two kinds of calls is there twice. */
export function handlersOf(discovery: DiscoveryService, scanner: MetadataScanner): Handler[] {
  const wrappers = [...discovery.getControllers(), ...discovery.getProviders()];
  const classes = new Set(wrappers.map(({ metatype }) => metatype).filter(isClass));
  return [...classes].flatMap((owner) =>
    scanner.getAllMethodNames(owner.prototype).flatMap((method) => {
      const target: object = Reflect.get(owner.prototype, method);
      return kindsOf(target).map((kind) => ({ owner, method, target, kind }));
    }),
  );
}

/** And not for every call or client. */
export function isMadeOnce(owner: Type, discovery: DiscoveryService): boolean {
  const wrappers = discovery.getProviders().filter(({ metatype }) => metatype === owner);
  return wrappers.every((wrapper) => wrapper.isDependencyTreeStatic());
}

/** A provider may also be made by a function. */
function isClass(metatype: unknown): metatype is Type {
  return typeof metatype === 'function' && typeof metatype.prototype === 'object';
}
