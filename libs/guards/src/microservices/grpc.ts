import type { ArgumentsHost } from '@nestjs/common';
import { type Observable, of, throwError } from 'rxjs';
import type { BearerError } from '../nest/bearer-error.js';
import { buildErrorMessage } from '../nest/challenge.js';
import { isFunction, getProperty } from '../nest/transport.js';

/** Status codes of gRPC, by those of HTTP: INVALID_ARGUMENT, UNAUTHENTICATED, PERMISSION_DENIED, UNAVAILABLE. */
const CODES: Readonly<Record<number, number>> = { 400: 3, 401: 16, 403: 7, 503: 14 };

const UNAUTHENTICATED = 16;

export interface GrpcMetadata {
  get(name: string): unknown[];
  getMap(): object;
}

interface GrpcStatus {
  readonly code: number;
  /** What HTTP would send as the challenge (RFC 6750 §3), where it would. */
  readonly message: string;
}

/** What a handler of `@GrpcStreamCall()` gets, alone or before a callback. */
interface GrpcStream {
  readonly metadata: GrpcMetadata;
  emit(event: 'error', status: GrpcStatus): unknown;
}

/** Undefined when the call came by something else. */
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
  // Nest waits for its handler and hears no error: thrown, this would end the process.
  const answer: unknown = host.getArgByIndex(1);
  if (isFunction(answer)) answer(status);
  else stream.emit('error', status);
  return of(undefined);
}

function findStream(host: ArgumentsHost): GrpcStream | undefined {
  const stream: unknown = host.getArgByIndex(0);
  return isGrpcStream(stream) ? stream : undefined;
}

/** By its functions, here and below: no message can hold one, so what has them is from the library. */
function isGrpcStream(value: unknown): value is GrpcStream {
  return isGrpcMetadata(getProperty(value, 'metadata')) && isFunction(getProperty(value, 'emit'));
}

export function isGrpcMetadata(value: unknown): value is GrpcMetadata {
  return isFunction(getProperty(value, 'get')) && isFunction(getProperty(value, 'getMap'));
}
