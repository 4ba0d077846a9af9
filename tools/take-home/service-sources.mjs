export const SCOPE = 'orders:read';
export const AUDIENCE = 'https://orders.example';
export const PATH = '/orders';

/**
 * The smallest service with the guards.
 *
 * @param {import('./projects.mjs').Project} project
 * @returns {Record<string, string>} sources by file name
 */
export function serviceSources({ platform, by }) {
  const guards = by === 'copy' ? './guards/index.js' : '@gatehouse/guards';
  return {
    'main.ts': platform === 'express' ? main('') : main(', new FastifyAdapter()', FASTIFY),
    'app.module.ts': appModule(guards),
    'orders.controller.ts': ordersController(guards),
  };
}

const FASTIFY = "import { FastifyAdapter } from '@nestjs/platform-fastify';\n";

/** @param {string} adapter @param {string} [imports] */
const main = (adapter, imports = '') => `import { NestFactory } from '@nestjs/core';
${imports}import { AppModule } from './app.module.js';

async function bootstrap() {
  const app = await NestFactory.create(AppModule${adapter}, { logger: ['warn', 'error'] });
  await app.listen(0, '127.0.0.1');
  process.stdout.write(\`\${await app.getUrl()}\\n\`);
}
void bootstrap();
`;

/** @param {string} guards */
const appModule = (guards) => `import { Module } from '@nestjs/common';
import { GuardsModule } from '${guards}';
import { OrdersController } from './orders.controller.js';

@Module({
  imports: [
    GuardsModule.forRoot({
      issuer: process.env.ISSUER ?? '',
      audience: '${AUDIENCE}',
      algorithms: ['ES256'],
    }),
  ],
  controllers: [OrdersController],
})
export class AppModule {}
`;

/** @param {string} guards */
const ordersController = (guards) => `import { Controller, Get } from '@nestjs/common';
import { AccessToken, RequireScopes } from '${guards}';

@Controller('${PATH}')
export class OrdersController {
  @Get()
  @RequireScopes('${SCOPE}')
  list(@AccessToken() token: AccessToken) {
    return { ordersOf: token.subject };
  }
}
`;
