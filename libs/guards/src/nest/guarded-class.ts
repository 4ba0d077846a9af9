import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { AccessTokenGuard } from './access-token.guard.js';
import { BearerErrorFilter } from './bearer-error.filter.js';
import { markAsGuarded } from './handlers.js';

const admittedContexts = new WeakSet<ExecutionContext>();

/** Notes a call that the guard lets in, for {@link ClassGuard}. */
export function markAdmitted(context: ExecutionContext): void {
  admittedContexts.add(context);
}

/**
 * The guard of a class. For some of its calls Nest asks the global guard first, about the same context: those are
 * decided already. It always does for HTTP, which a class of message handlers may answer as well.
 */
@Injectable()
export class ClassGuard implements CanActivate {
  constructor(private readonly guard: AccessTokenGuard) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() === 'http' || admittedContexts.has(context)) return true;
    return this.guard.canActivate(context);
  }
}

/** For classes whose handlers Nest calls without the global guard and filter, or not always with them. */
export function GuardedClass(): ClassDecorator {
  return applyDecorators(markAsGuarded, UseGuards(ClassGuard), UseFilters(BearerErrorFilter));
}
