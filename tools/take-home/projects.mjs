/**
 * A service that takes the guards home.
 *
 * @typedef {object} Project
 * @property {'11' | '12'} nest
 * @property {'express' | 'fastify'} platform
 * @property {'esm' | 'cjs'} modules the modules that its TypeScript compiles to
 * @property {'copy' | 'package'} by
 * @property {string[]} [copyOptions] of `guards:copy`
 * @property {'jest' | 'vitest'} [testRunner] its copied tests compile too, and some of them run. It is as strict as
 *   `nest new` makes it; the others have `--strict`
 * @property {boolean} [isLegacy] not strict, with the compiler options of the starters of Nest 10
 */

const NO_TESTS = ['--no-tests'];
/** Every transport must compile. Their tests need many packages and are left out. */
const ALL = ['--all', '--no-tests'];

/** @type {Project[]} */
export const PROJECTS = [
  { nest: '11', platform: 'express', modules: 'cjs', by: 'copy', testRunner: 'jest' },
  { nest: '11', platform: 'express', modules: 'esm', by: 'copy', copyOptions: NO_TESTS },
  { nest: '11', platform: 'fastify', modules: 'cjs', by: 'copy', copyOptions: ALL },
  { nest: '11', platform: 'fastify', modules: 'esm', by: 'copy', copyOptions: ALL },
  { nest: '11', platform: 'express', modules: 'cjs', by: 'copy', copyOptions: ALL, isLegacy: true },
  { nest: '11', platform: 'express', modules: 'cjs', by: 'package' },
  { nest: '12', platform: 'express', modules: 'esm', by: 'copy', testRunner: 'vitest' },
  { nest: '12', platform: 'express', modules: 'cjs', by: 'copy', copyOptions: NO_TESTS },
  { nest: '12', platform: 'fastify', modules: 'esm', by: 'copy', copyOptions: ALL },
  { nest: '12', platform: 'fastify', modules: 'cjs', by: 'copy', copyOptions: ALL },
  { nest: '12', platform: 'fastify', modules: 'esm', by: 'package' },
];

/** The name of its folder: `express-cjs-copy`. @param {Project} project */
export function folderNameOf({ platform, modules, by, isLegacy }) {
  return [platform, modules, by, ...(isLegacy ? ['legacy'] : [])].join('-');
}

/** A description for people: `Nest 11, Express, CommonJS, copied`. @param {Project} project */
export function describeProject({ nest, platform, modules, by, isLegacy }) {
  const words = [
    `Nest ${nest}`,
    platform === 'express' ? 'Express' : 'Fastify',
    modules === 'esm' ? 'ES modules' : 'CommonJS',
    by === 'copy' ? 'copied' : 'packaged',
    ...(isLegacy ? ['not strict'] : []),
  ];
  return words.join(', ');
}

export const SCOPE = 'orders:read';
export const AUDIENCE = 'https://orders.example';
export const PATH = '/orders';

/**
 * The smallest service with the guards.
 *
 * @param {Project} project
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
