import type { ArgumentsHost } from '@nestjs/common';
import { type Observable, of, throwError } from 'rxjs';
import type { BearerError } from '../nest/bearer-error.js';
import { buildErrorMessage, getProperty, isFunction } from '../transports/messages.js';

/** gRPC codes by HTTP status: INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, UNAVAILABLE. */
const CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 503: 14 };

const UNAUTHENTICATED = 16;

interface GrpcMetadata {
  get(name: string): unknown[];
  getMap(): object;
}

interface GrpcStatus {
  readonly code: number;
  /** The challenge of an HTTP answer (RFC 6750 §3), if there is one. */
  readonly message: string;
}

/** The argument of a handler with `@GrpcStreamCall()`, alone or before a callback. */
interface GrpcStream {
  readonly metadata: GrpcMetadata;
  emit(event: 'error', status: GrpcStatus): unknown;
}

/** Undefined for calls of other transports. */
export function findGrpcMetadata(host: ArgumentsHost): GrpcMetadata | undefined {
  const metadata: unknown = host.getArgByIndex(1);
  return isGrpcMetadata(metadata) ? metadata : findStream(host)?.metadata;
}

export function sendGrpcError(
  refusal: BearerError,
  host: ArgumentsHost,
  challenge: string | undefined,
): Observable<void> {
  const status = {
    code: CODES[refusal.getStatus()] ?? UNAUTHENTICATED,
    message: challenge ?? buildErrorMessage(refusal, challenge).message,
  };
  const stream = findStream(host);
  if (!stream) return throwError(() => status);
  // Nest does not catch errors of stream handlers, so a thrown error would end the process.
  const callback: unknown = host.getArgByIndex(1);
  if (isFunction(callback)) callback(status);
  else stream.emit('error', status);
  return of(undefined);
}

function findStream(host: ArgumentsHost): GrpcStream | undefined {
  const stream: unknown = host.getArgByIndex(0);
  return isGrpcStream(stream) ? stream : undefined;
}

/** Recognised by functions, here and below, because a message from a client cannot contain a function. */
function isGrpcStream(value: unknown): value is GrpcStream {
  return isGrpcMetadata(getProperty(value, 'metadata')) && isFunction(getProperty(value, 'emit'));
}

export function isGrpcMetadata(value: unknown): value is GrpcMetadata {
  return isFunction(getProperty(value, 'get')) && isFunction(getProperty(value, 'getMap'));
}
