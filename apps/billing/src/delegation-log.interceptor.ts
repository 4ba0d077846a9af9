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

/** RFC 8693 §4.1: the outermost one acts now; those inside of it acted before. */
const actorSchema = z.object({ sub: z.string() });

/** Notes who acts for whom, whenever somebody does: the person's name alone would tell only half of it. */
@Injectable()
export class DelegationLogInterceptor implements NestInterceptor {
  private readonly log = new Logger('Delegation');

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { id, user } = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const act = user?.claims['act'];
    if (user && act !== undefined) {
      const acting = actorSchema.safeParse(act).data?.sub ?? 'unreadable';
      this.log.log({ reqId: id, subject: user.subject, actor: acting, client: user.clientId });
    }
    return next.handle();
  }
}

/** As much of a request as is looked at here. The guard leaves the token on it. */
interface AuthenticatedRequest {
  /** The line of the request has it, too. */
  readonly id: string;
  readonly user?: AccessToken;
}
