export { GuardedMessages } from './microservice.transport.js';
export { microserviceTransport } from './microservice.transport.js';

export type { MicroserviceTransportOptions } from './microservice.transport.js';
