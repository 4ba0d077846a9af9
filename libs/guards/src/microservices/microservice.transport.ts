import type { ExecutionContext } from '@nestjs/common';
import { throwError } from 'rxjs';
import { noteAdmitted } from '../guarded-class.js';
import type { CredentialCarrier } from '../http/credentials.js';
import { refusalMessage } from '../refusals/refusal-message.js';
import type { Transport } from '../transport.js';
import { authorizationsOf } from './call-headers.js';
import { grpcMetadataOf, refuseByGrpc } from './grpc.js';

export interface MicroserviceTransportOptions {
  /**
   * Where callers put the token, without `Bearer`. Needed only where there is nothing like headers, such as MQTT
   * before version 5. Default: `authorization` of gRPC's metadata, of the headers of NATS, Kafka and RabbitMQ, of
   * the user properties of MQTT 5, and of the metadata of Nest's packets by TCP and Redis.
   */
  readonly token?: (context: ExecutionContext) => string | undefined;
}

/** Messages and events of `@nestjs/microservices`, by any of its transports. */
export function microserviceTransport({ token }: MicroserviceTransportOptions = {}): Transport {
  return {
    contextType: 'rpc',
    carrier: (context) => (token ? bearing(token(context)) : carrierOf(context)),
    admitted: noteAdmitted,
    refuse(refusal, host, challenge) {
      if (grpcMetadataOf(host)) return refuseByGrpc(refusal, host, challenge);
      return throwError(() => refusalMessage(refusal, challenge));
    },
  };
}

function carrierOf(context: ExecutionContext): CredentialCarrier {
  const [authorization, ...others] = authorizationsOf(context);
  if (authorization === undefined) return { headers: {} };
  const isOnly = others.length === 0;
  return { headers: { authorization: isOnly ? authorization : [authorization, ...others] } };
}

/** What the application takes out of a message may be anything. */
function bearing(token: unknown): CredentialCarrier {
  if (token === undefined) return { headers: {} };
  return { headers: { authorization: `Bearer ${typeof token === 'string' ? token : ''}` } };
}
