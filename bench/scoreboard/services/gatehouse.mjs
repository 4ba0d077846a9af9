import { FastifyAdapter } from '@nestjs/platform-fastify';
import '../../../tools/corpus/sources.mjs';
import { listenNest } from './nest.mjs';
import { SCOPE } from './resource.mjs';

// From its sources, like the corpus: nothing that was built before can be out of date.
const { GuardsModule, RequireScopes } = await import(
  new URL('../../../libs/guards/src/index.ts', import.meta.url).href
);

/**
 * These guards with their three options, on Fastify.
 *
 * @param {{ issuer: any, audience: string, algorithm: any, port: number }} options
 */
export function start({ issuer, audience, algorithm, port }) {
  return listenNest({
    adapter: new FastifyAdapter(),
    port,
    imports: [GuardsModule.forRoot({ issuer, audience, algorithms: [algorithm] })],
    decorators: [RequireScopes(SCOPE)],
  });
}
