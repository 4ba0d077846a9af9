import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workspace.mjs';

/** @type {Record<string, any>} */
export const manifest = JSON.parse(readFileSync(join(ROOT, 'libs/guards/package.json'), 'utf8'));
const NAME = manifest.name;
/** Entry points that need packages besides those of every Nest service. */
const NEED_PACKAGES = ['./graphql', './websockets', './microservices', './passport'];

const all = Object.keys(manifest.exports);
const importNames = (/** @type {string[]} */ entries) =>
  entries.map((entry) => NAME + entry.slice(1));

/** The entry points of the package, as a program imports them. */
export const ENTRIES = {
  all: importNames(all),
  withNest: importNames(all.filter((entry) => !NEED_PACKAGES.includes(entry))),
};

/**
 * Programs that use the installed package.
 *
 * @param {string[]} entries
 * @returns {Record<string, string>} sources by file name
 */
export function consumerSources(entries) {
  return {
    'imports.mjs': entries.map((entry) => `await import('${entry}');\n`).join(''),
    'requires.cjs': entries.map((entry) => `require('${entry}');\n`).join(''),
    'types.ts': typeProgram(entries),
    'types.cts': typeProgram(entries),
  };
}

/**
 * Code that must compile, and lines that must not, because without types every line would.
 *
 * @param {string[]} entries
 */
function typeProgram(entries) {
  const all = entries.map((entry, at) => `import * as entry${at} from '${entry}';`);
  return `${all.join('\n')}
import { Controller, Get, Module } from '@nestjs/common';
import { AccessToken, defineScopes, GuardsModule } from '${NAME}';
import { TestIssuer } from '${NAME}/testing';

export const entryPoints = [${entries.map((_entry, at) => `entry${at}`).join(', ')}];
const orders = defineScopes('orders:read');

@Controller('orders')
export class OrdersController {
  @Get()
  @orders.RequireScopes('orders:read')
  list(@AccessToken() token: AccessToken): string {
    return token.subject;
  }

  // @ts-expect-error the scope is not defined
  @orders.RequireScopes('orders:raed')
  misspelt() {}
}

@Module({
  imports: [
    GuardsModule.forRoot({ issuer: 'https://a.example', audience: 'b', algorithms: ['ES256'] }),
    // @ts-expect-error the guards do not allow HMAC
    GuardsModule.forRoot({ issuer: 'https://a.example', audience: 'b', algorithms: ['HS256'] }),
  ],
})
export class AppModule {}

export const token = async (): Promise<string> => (await TestIssuer.start()).accessToken();
`;
}
