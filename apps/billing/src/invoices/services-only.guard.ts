import { type AccessToken, InsufficientScope } from '@gatehouse/guards';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';

/**
 * Refuses tokens with a person behind them, whatever their scope. Where nobody granted a token, its subject is the
 * client itself (RFC 9068 §2.2).
 */
@Injectable()
export class ServicesOnlyGuard implements CanActivate {
  /** @throws {InsufficientScope} that names no scope: none would help */
  canActivate(context: ExecutionContext): boolean {
    const { user: token } = context.switchToHttp().getRequest<{ user: AccessToken }>();
    if (token.subject !== token.clientId) throw new InsufficientScope([]);
    return true;
  }
}
