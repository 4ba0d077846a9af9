import { HttpException } from '@nestjs/common';
import { Problem, type ProblemDetails, problemDetails, titleOf } from './problem.js';

/**
 * What may be said about an exception. An HttpException is thrown to be shown, so its words are; whatever else arrives was
 * meant for us and becomes a bare status, 500 unless the framework blames the request.
 */
export function problemOf(exception: unknown): ProblemDetails {
  if (exception instanceof Problem) return exception.details;
  if (isTimeout(exception)) return problemDetails(503, 'The service did not answer in time.');
  if (!(exception instanceof HttpException)) return problemDetails(blamedStatus(exception) ?? 500);
  const status = exception.getStatus();
  return problemDetails(status, status === 500 ? undefined : shownDetail(exception, status));
}

function shownDetail(exception: HttpException, status: number): string | undefined {
  const response = exception.getResponse();
  const message =
    typeof response === 'object' && 'message' in response ? response.message : response;
  const detail = Array.isArray(message) ? message.join('; ') : message;
  return typeof detail === 'string' && detail !== titleOf(status) ? detail : undefined;
}

export const isTimeout = (exception: unknown): boolean =>
  exception instanceof Error && 'code' in exception && exception.code === 'FST_ERR_HANDLER_TIMEOUT';

/** Fastify's plugins put a `statusCode` on their errors. */
function blamedStatus(exception: unknown): number | undefined {
  if (!(exception instanceof Error) || !('statusCode' in exception)) return undefined;
  const { statusCode } = exception;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
    ? statusCode
    : undefined;
}
