export { tokenOf } from './connection.js';
export { GuardedGateway } from './guarded-gateway.js';
export { webSocketTransport } from './web-socket.transport.js';
