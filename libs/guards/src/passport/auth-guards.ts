import { type ExecutionContext, UnauthorizedException } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { AuthGuard, type IAuthGuard } from '@nestjs/passport';
import { BearerError } from '../nest/bearer-error.js';

type PassportResults = Parameters<IAuthGuard['handleRequest']>;
type HandleRequest = (this: unknown, ...results: PassportResults) => unknown;

type Listener = (context: ExecutionContext) => void;
const listeners = new WeakMap<BearerError, Listener>();
const completed = new WeakSet<object>();

/** Calls the listener once if a guard refuses a call because of this refusal, with this or another error. */
export function onRefused(refusal: BearerError, listener: Listener): void {
  listeners.set(refusal, listener);
}

/**
 * AuthGuard drops the refusal of a strategy and throws an UnauthorizedException without a challenge. After this call it
 * throws the refusal. Errors of your own `handleRequest` stay as they are.
 */
export function completeAuthGuards(name: string, modules: ModulesContainer): void {
  completeGuard(AuthGuard(name).prototype);
  for (const { injectables, providers } of modules.values()) {
    for (const { metatype, instance } of [...injectables.values(), ...providers.values()]) {
      completeGuard(metatype?.prototype);
      completeGuard(instance);
    }
  }
}

/** Guards of several strategies have a class of their own, and yours extend such a class. */
function completeGuard(guard: unknown): void {
  if (typeof guard !== 'object' || guard === null || !('getAuthenticateOptions' in guard)) return;
  for (let owner: unknown = guard; owner; owner = Object.getPrototypeOf(owner)) {
    const original: unknown = Object.getOwnPropertyDescriptor(owner, 'handleRequest')?.value;
    if (typeof original !== 'function' || completed.has(original)) continue;
    const handleRequest = completeErrors(original as HandleRequest);
    completed.add(handleRequest);
    Object.defineProperty(owner, 'handleRequest', {
      value: handleRequest,
      writable: true,
      configurable: true,
    });
  }
}

function completeErrors(original: HandleRequest): HandleRequest {
  return function (...results) {
    const rethrow = (error: unknown): never => {
      throw completeError(error, results);
    };
    try {
      const user = original.apply(this, results);
      return user instanceof Promise ? user.catch(rethrow) : user;
    } catch (error) {
      return rethrow(error);
    }
  };
}

function completeError(error: unknown, [given, , info, context]: PassportResults): unknown {
  // A guard of several strategies has a list.
  const refusal: unknown = [given, info].flat().find((one) => one instanceof BearerError);
  if (!(refusal instanceof BearerError)) return error;
  listeners.get(refusal)?.(context);
  // Your handleRequest may call that of AuthGuard.
  listeners.delete(refusal);
  // Without a filter for it, GraphQL would answer a refusal with an internal error.
  return isDefaultError(error) && context.getType() === 'http' ? refusal : error;
}

/** The error that AuthGuard throws, without a text of the application. */
export function isDefaultError(error: unknown): boolean {
  return error instanceof UnauthorizedException && error.message === 'Unauthorized';
}
