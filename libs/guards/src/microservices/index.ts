export { GuardedMessages } from './guarded-messages.js';
export { microserviceTransport } from './microservice.transport.js';

export type { MicroserviceTransportOptions } from './microservice.transport.js';
