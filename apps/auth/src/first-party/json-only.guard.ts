import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { OAuthError, rejectQueryParameters } from '../platform/oauth-error.js';

/** A form on another site can send a form, but not JSON: so nobody is logged in, or out, by a page that is not ours. */
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
