import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { redactPath } from '../observability/logger.js';
import {
  createProblemDetails,
  type ProblemDetails,
  problemMediaType,
  toProblemDetails,
} from './problem.js';

/**
 * Answers every exception that no other filter claimed with RFC 9457 problem details. It needs Fastify, as services of
 * `createService` have it: an Express request has no `raw`, `id`, `is404` or `log`.
 */
@Catch()
export class ProblemDetailsFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(exception: unknown, context: ArgumentsHost): void {
    if (context.getType() !== 'http') throw exception;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const details = isRequestAborted(request)
      ? createProblemDetails(400)
      : toProblemDetails(exception);
    const problem = withInstance(details, request);
    if (problem.status === 500) logFault(exception, request);
    this.answer(
      context.switchToHttp().getResponse<FastifyReply>(),
      problem,
      listHeaders(exception),
    );
  }

  private answer(
    response: FastifyReply,
    problem: ProblemDetails,
    headers: Iterable<[string, string]>,
  ): void {
    const { httpAdapter } = this.host;
    if (httpAdapter.isHeadersSent(response)) return httpAdapter.end(response);
    httpAdapter.setHeader(response, 'Cache-Control', 'no-store');
    httpAdapter.setHeader(response, 'Content-Type', problemMediaType);
    for (const [name, value] of headers) httpAdapter.setHeader(response, name, value);
    httpAdapter.reply(response, JSON.stringify(problem), problem.status);
  }
}

/** The caller disconnected in the middle of the request. This is no fault of the service. */
const isRequestAborted = ({ raw }: FastifyRequest): boolean => raw.destroyed && !raw.complete;

/** A 500 has only an `instance`: the request id of the log line that has the stack (RFC 9457 §3.1.5). */
function withInstance(problem: ProblemDetails, { id, is404 }: FastifyRequest): ProblemDetails {
  if (problem.status === 500) return { ...problem, instance: `urn:uuid:${id}` };
  // The router's message repeats the whole URL, which can hold secrets.
  if (is404 && problem.status === 404) return { ...problem, detail: 'There is no such route.' };
  return problem;
}

function logFault(exception: unknown, request: FastifyRequest): void {
  const err = exception instanceof Error ? exception : new Error(String(exception));
  request.log.error(
    { err, reqId: request.id, method: request.method, path: redactPath(request) },
    'unhandled',
  );
}

function* listHeaders(exception: unknown): Iterable<[string, string]> {
  if (typeof exception !== 'object' || exception === null || !('headers' in exception)) return;
  for (const [name, value] of Object.entries(exception.headers ?? {})) yield [name, String(value)];
}
