import type { AccessToken } from '@gatehouse/guards';
import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  Logger,
  type NestInterceptor,
} from '@nestjs/common';
import type { Observable } from 'rxjs';
import { z } from 'zod';

/** The outermost actor acts now. The actors inside it acted before (RFC 8693 §4.1). */
const actorSchema = z.object({ sub: z.string() });

/** Logs subject and actor of each request that a service makes on behalf of a user. */
@Injectable()
export class DelegationLogInterceptor implements NestInterceptor {
  private readonly log = new Logger('Delegation');

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { id, user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const act = user?.claims['act'];
    if (user && act !== undefined) {
      const actor = actorSchema.safeParse(act).data?.sub ?? 'unreadable';
      this.log.log({ reqId: id, subject: user.subject, actor, client: user.clientId });
    }
    return next.handle();
  }
}

/** The members of a request that are read here. The guard sets `user`. */
interface AuthenticatedRequest {
  /** The log line of the request has the same id. */
  readonly id: string;
  readonly user?: AccessToken;
}
