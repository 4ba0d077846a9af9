import type { ExecutionContext } from '@nestjs/common';
import { throwError } from 'rxjs';
import { buildErrorMessage, toAuthorization } from '../transports/messages.js';
import type { CredentialCarrier } from '../nest/credentials.js';
import { GuardedClass, markAdmitted } from '../transports/guarded-class.js';
import type { Transport } from '../nest/transport.js';
import { readAuthorizations } from './call-headers.js';
import { findGrpcMetadata, sendGrpcError } from './grpc.js';

/**
 * Guards the message and event handlers of a controller in every kind of application. In a hybrid application, Nest calls
 * global guards for them only with `inheritAppConfig`.
 */
export function GuardedMessages(): ClassDecorator {
  return GuardedClass();
}

export interface MicroserviceTransportOptions {
  /**
   * Returns the token of a call, with or without `Bearer`. Only needed for transports without headers, such as MQTT before
   * version 5. Default: `authorization` of gRPC's metadata, of the headers of NATS, Kafka and RabbitMQ, of the user
   * properties of MQTT 5, and of the metadata of Nest's packets for TCP and Redis.
   */
  readonly token?: (context: ExecutionContext) => string | undefined;
}

/** Messages and events of `@nestjs/microservices`, for all of its transports. */
export function microserviceTransport({ token }: MicroserviceTransportOptions = {}): Transport {
  return {
    contextType: 'rpc',
    carrier: (context) => toCarrier(token ? [token(context)] : readAuthorizations(context)),
    admitted: markAdmitted,
    refuse(refusal, host, challenge) {
      if (findGrpcMetadata(host)) return sendGrpcError(refusal, host, challenge);
      return throwError(() => buildErrorMessage(refusal, challenge));
    },
  };
}

const ADVICE =
  'Send one access token, as authorization in the metadata or the headers of the message';

/** The application may return a value of any type from a message. */
function toCarrier(sent: readonly unknown[]): CredentialCarrier {
  const authorization = toAuthorization(sent.filter((value) => value !== undefined));
  return { headers: authorization === undefined ? {} : { authorization }, advice: ADVICE };
}
