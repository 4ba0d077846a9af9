import type { ConnectionGate } from './connection-gate.js';
import { guardSocketIo, isSocketIoServer } from './socket-io.js';
import { guardWs, isWsServer } from './ws.js';

/** @throws Error when it is of neither library: its connections would be open */
export function guardServer(server: object, gate: ConnectionGate): void {
  if (isSocketIoServer(server)) guardSocketIo(server, gate);
  else if (isWsServer(server)) guardWs(server, gate);
  else throw new Error('@GuardedGateway() guards servers of Socket.IO and of ws: this is neither');
}
