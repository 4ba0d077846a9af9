import type { ModuleRef } from '@nestjs/core';
import type { AccessPolicy, PolicyFunction, PolicySource } from './declaration.js';

/** @throws Error when the application has no such provider, or makes one for every request */
export function policyFunction(source: PolicySource, moduleRef: ModuleRef): PolicyFunction {
  if (!isClass(source)) return source;
  const policy = moduleRef.get<AccessPolicy>(source, { strict: false });
  return (token, context) => policy.allows(token, context);
}

/** Its `allows` may be a property that only instances have. */
function isClass(source: PolicySource): source is Exclude<PolicySource, PolicyFunction> {
  const prototype: unknown = source.prototype;
  const hasMethod = typeof prototype === 'object' && prototype !== null && 'allows' in prototype;
  return hasMethod || /^class\b/.test(Function.prototype.toString.call(source));
}
