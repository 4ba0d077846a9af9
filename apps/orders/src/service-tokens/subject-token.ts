import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

/**
 * The access token that a call came with, as a parameter of a handler that exchanges it (RFC 8693). The guard has seen
 * that there is one header with one bearer token, and verified it.
 */
export const SubjectToken = createParamDecorator((_: unknown, context: ExecutionContext) => {
  const request = context.switchToHttp().getRequest<{ headers: { authorization?: string } }>();
  return request.headers.authorization?.split(' ').at(-1) ?? '';
});
