/** In place of Express while the packages of the tests are not installed. */
export { FastifyAdapter as ExpressAdapter } from '@nestjs/platform-fastify';
