/** oidc-provider as a process of its own. Says `{ port, … }` to its parent when it listens. */
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { postgresAdapter, sqliteAdapter } from './adapters.mjs';
import { configuration, logIn, publicClient, service } from './configuration.mjs';

const [store, location, logins] = process.argv.slice(2);
const adapter = store === 'sqlite' ? sqliteAdapter(location) : await postgresAdapter(location);
const provider = new Provider('http://localhost:3000', configuration(adapter));
provider.on('server_error', (/** @type {unknown} */ _context, /** @type {unknown} */ error) =>
  console.error(error),
);

const chains = await logIn(provider, Number(logins));
const server = createServer(provider.callback());
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send?.({ port, tokenPath: '/token', jwksPath: '/jwks', publicClient, service, chains });
});
