/** oidc-provider with a login of its own, as a process. Says `{ port, … }` to its parent when it listens. */
import { createServer } from 'node:http';
import { hash, verify } from '@node-rs/argon2';
import Provider from 'oidc-provider';
import { postgresAdapter } from '../../refresh/oidc-provider/postgres-adapter.mjs';
import { sqliteAdapter } from '../../refresh/oidc-provider/sqlite-adapter.mjs';
import { ARGON2, EMAILS, PASSWORD } from '../plan.mjs';
import { codeClient, configuration, OPAQUE_RESOURCE, service } from './configuration.mjs';

const [store, location] = process.argv.slice(2);
const adapter = store === 'sqlite' ? sqliteAdapter(location) : await postgresAdapter(location);
const provider = new Provider('http://localhost:3000', configuration(adapter));
provider.on('server_error', (_context, error) => console.error(error));

/** By e-mail: where accounts are is not its business, and costs it nothing here. */
const passwords = new Map();
for (const email of EMAILS) passwords.set(email, await hash(PASSWORD, ARGON2));

const callback = provider.callback();
const server = createServer((request, response) => {
  const isOurs = request.url.startsWith('/interaction/');
  const answer = isOurs ? interaction(request, response) : callback(request, response);
  Promise.resolve(answer).catch((error) => {
    console.error(error);
    response.writeHead(500).end();
  });
});

async function interaction(request, response) {
  await provider.interactionDetails(request, response);
  if (request.method === 'GET') return showPage(request.url, response);
  const form = new URLSearchParams(await bodyOf(request));
  const expected = passwords.get(form.get('login'));
  if (!expected || !(await verify(expected, form.get('password')))) {
    return response.writeHead(400).end('wrong');
  }
  return provider.interactionFinished(request, response, {
    login: { accountId: form.get('login') },
  });
}

function showPage(url, response) {
  const page = `<!doctype html><title>Sign in</title><form method="post" action="${url}"><input name="login"><input name="password" type="password"><button>Sign in</button></form>`;
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': page.length,
  });
  response.end(page);
}

async function bodyOf(request) {
  let body = '';
  for await (const chunk of request) body += chunk;
  return body;
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  process.send({
    port,
    authorizePath: '/auth',
    tokenPath: '/token',
    jwksPath: '/jwks',
    introspectionPath: '/token/introspection',
    codeClient,
    service,
    introspector: service,
    opaqueResource: OPAQUE_RESOURCE,
  });
});
