import { type ArgumentsHost, Inject, Injectable } from '@nestjs/common';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { HttpTransport } from './http/http.transport.js';
import type { Transport } from './transport.js';

/** HTTP, and those that the options add. A call by any other is refused. */
@Injectable()
export class Transports {
  private readonly byContextType: ReadonlyMap<string, Transport>;

  constructor(http: HttpTransport, @Inject(GUARDS_OPTIONS) options: ResolvedGuardsOptions) {
    const all: Transport[] = [http, ...options.transports];
    this.byContextType = new Map(all.map((transport) => [transport.contextType, transport]));
  }

  of(host: ArgumentsHost): Transport | undefined {
    return this.byContextType.get(host.getType());
  }

  handles(contextType: string): boolean {
    return this.byContextType.has(contextType);
  }
}
