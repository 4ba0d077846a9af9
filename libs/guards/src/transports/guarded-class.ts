import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { AccessTokenGuard } from '../nest/access-token.guard.js';
import { BearerErrorFilter } from '../nest/bearer-error.filter.js';
import { markAsGuarded } from '../nest/handlers.js';

const admittedContexts = new WeakSet<ExecutionContext>();

/** Records a call that the guard has admitted, for {@link ClassGuard}. */
export function markAdmitted(context: ExecutionContext): void {
  admittedContexts.add(context);
}

/**
 * The guard of a class. Skips calls that the global guard has admitted in the same context. Nest always calls the global
 * guard for HTTP, which a class of message handlers may serve as well.
 */
@Injectable()
class ClassGuard implements CanActivate {
  constructor(private readonly guard: AccessTokenGuard) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    if (context.getType() === 'http' || admittedContexts.has(context)) return true;
    return this.guard.canActivate(context);
  }
}

/** For classes whose handlers Nest calls without the global guard and filter in some applications. */
export function GuardedClass(): ClassDecorator {
  return applyDecorators(markAsGuarded, UseGuards(ClassGuard), UseFilters(BearerErrorFilter));
}
