/** Programs that use the installed package. */

const ENTRY_POINTS = ['', '/dpop', '/testing'];
const TRANSPORTS = ['/graphql', '/websockets', '/microservices'];

/**
 * @param {{ name: string, hasTransports: boolean }} options
 * @returns {Record<string, string>} sources by file name
 */
export function consumerSources({ name, hasTransports }) {
  const entries = [...ENTRY_POINTS, ...(hasTransports ? TRANSPORTS : [])].map((at) => name + at);
  return {
    'imports.mjs': entries.map((entry) => `await import('${entry}');\n`).join(''),
    'requires.cjs': entries.map((entry) => `require('${entry}');\n`).join(''),
    'types.ts': typesOf(name, entries),
    'types.cts': typesOf(name, entries),
  };
}

/**
 * Code that must compile, and lines that must not, because without types every line would.
 *
 * @param {string} name
 * @param {string[]} entries
 */
function typesOf(name, entries) {
  const all = entries.map((entry, at) => `import * as entry${at} from '${entry}';`);
  return `${all.join('\n')}
import { Controller, Get, Module } from '@nestjs/common';
import { AccessToken, defineScopes, GuardsModule } from '${name}';
import { TestIssuer } from '${name}/testing';

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
