import type { ArgumentsHost } from '@nestjs/common';
import { getProperty, isFunction, normalizeMember } from '../transports/messages.js';

import { findGrpcMetadata, isGrpcMetadata } from './grpc.js';

/**
 * Location of the headers in the contexts of Nest's transports: a method, and a path in its result. Found by name, so
 * that no package of a broker must be installed.
 */
const HEADER_LOCATIONS: readonly (readonly [method: string, ...path: string[]])[] = [
  // NATS.
  ['getHeaders'],
  // Nest's packets for TCP and Redis.
  ['getMetadata'],
  // Kafka.
  ['getMessage', 'headers'],
  // RabbitMQ.
  ['getMessage', 'properties', 'headers'],
  // MQTT 5.
  ['getPacket', 'properties', 'userProperties'],
];

const HEADER_NAMES = ['authorization', 'access_token', 'access-token'];

/** The headers of the NATS client. */
interface NatsHeaders {
  keys(): string[];
  values(name: string): string[];
}

/** All `authorization` and `access_token` headers of a call, in any case. The payload of a call is never searched. */
export function readAuthorizations(host: ArgumentsHost): string[] {
  const context: unknown = host.getArgByIndex(1);
  const headers =
    findGrpcMetadata(host) ??
    HEADER_LOCATIONS.map((location) => readLocation(context, location)).find(isObject);
  return headers ? readAuthorizationValues(headers).map(decodeText) : [];
}

function readLocation(
  context: unknown,
  [method, ...path]: (typeof HEADER_LOCATIONS)[number],
): unknown {
  const get = getProperty(context, method);
  return isFunction(get) ? path.reduce(getProperty, get.call(context)) : undefined;
}

function readAuthorizationValues(headers: object): unknown[] {
  if (isGrpcMetadata(headers)) return HEADER_NAMES.flatMap((name) => headers.get(name));
  if (isNatsHeaders(headers)) {
    const names = headers.keys().filter(isAuthorization);
    return names.flatMap((name) => headers.values(name));
  }
  return Object.entries(headers).flatMap(([name, value]) => (isAuthorization(name) ? value : []));
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isNatsHeaders(headers: object): headers is NatsHeaders {
  return isFunction(getProperty(headers, 'keys'));
}

function isAuthorization(name: string): boolean {
  return ['authorization', 'accesstoken'].includes(normalizeMember(name));
}

/** Brokers deliver header values as bytes. */
function decodeText(value: unknown): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  return typeof value === 'string' ? value : '';
}
