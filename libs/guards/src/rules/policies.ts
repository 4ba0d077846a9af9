import type { ModuleRef } from '@nestjs/core';
import type { AccessPolicy, PolicyFunction, PolicySource } from './declaration.js';

/** @throws Error when the application has no such provider, or makes one for every request */
export function policyFunction(source: PolicySource, moduleRef: ModuleRef): PolicyFunction {
  if (!isClass(source)) return source;
  const policy = moduleRef.get<AccessPolicy>(source, { strict: false });
  return (token, context) => policy.allows(token, context);
}

function isClass(source: PolicySource): source is Exclude<PolicySource, PolicyFunction> {
  const prototype: unknown = source.prototype;
  return typeof prototype === 'object' && prototype !== null && 'allows' in prototype;
}
