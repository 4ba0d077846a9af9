import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { OAuthError, rejectQueryParameters } from '../platform/oauth-error.js';

/** A form of another site cannot send JSON, so another site cannot log a user in or out (login CSRF). */
@Injectable()
export class JsonOnlyGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { headers, url } = context.switchToHttp().getRequest<FastifyRequest>();
    const type = headers['content-type'];
    if (type !== undefined && !/^application\/json *(;|$)/i.test(type)) {
      throw OAuthError.invalidRequest('Send application/json.');
    }
    rejectQueryParameters(url);
    return true;
  }
}
