import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { join } from 'node:path';
import { freePort } from '@gatehouse/service-kit/testing';
import { AppProcess } from '../../support/app-process.js';
import { aPerson, type Person, register, RESOURCES } from '../../support/auth-api.js';
import { cleanUpAfterTests, createTemporaryFolder } from '../../support/cleanup.js';
import { runOps } from '../../support/run-ops.js';
import type { ClientApp } from './client-app.js';

export const SCOPE = 'openid profile email offline_access orders:read';
export const NAME = 'Ada Example';
/** Some libraries join the name from its parts. */
const CLAIMS = { name: NAME, given_name: 'Ada', family_name: 'Example', email_verified: true };

/** Auth behind TLS with a certificate of an authority of its own, and orders. */
export interface TlsStack {
  readonly auth: AppProcess;
  readonly orders: AppProcess;
  readonly issuer: string;
  /** File with the certificate of the authority. */
  readonly authority: string;
  readonly person: Person;
}

/** @param origins of scripts that may call orders */
export async function startTlsStack(origins: readonly string[]): Promise<TlsStack> {
  const folder = await createTemporaryFolder();
  const authority = createCertificates(folder);
  const [port, authPort] = [await freePort(), await freePort()];
  const issuer = `https://localhost:${port}`;
  await startTerminator({ folder, port, target: authPort });
  const trust = { NODE_EXTRA_CA_CERTS: authority };
  const [auth, orders] = await Promise.all([
    AppProcess.create('auth', { PORT: String(authPort), ISSUER: issuer, TRUST_PROXY: 'loopback' }),
    AppProcess.create('orders', {
      ...{ AUTH_ISSUER: issuer, AUDIENCE: RESOURCES.orders, ...trust },
      ...(origins.length > 0 && { CORS_ORIGINS: origins.join(' ') }),
    }),
  ]);
  await auth.start();
  await orders.start();
  const person = aPerson();
  await register(auth.url, person);
  const claims = join(folder, 'claims.json');
  await writeFile(claims, JSON.stringify(CLAIMS));
  await runOps(auth, ['accounts', 'set-claims', person.email, '--json-file', claims]);
  return { auth, orders, issuer, authority, person };
}

/** Registers the client of an app as docs/clients.md says. @returns the environment of the app */
export async function registerClient(
  { auth, orders, issuer, authority }: TlsStack,
  app: ClientApp,
): Promise<Readonly<Record<string, string>>> {
  const id = app.clientId;
  const output = await runOps(auth, [
    ...['clients', 'create', id, '--json', '--name', app.client.title],
    ...['--grant', 'authorization_code refresh_token', '--scope', SCOPE],
    ...['--redirect-uri', app.redirectUri, '--post-logout-redirect-uri', `${app.baseUrl}/`],
    ...(app.client.create ?? []),
  ]);
  // Advice on standard error may stand before or behind the value.
  const [json = ''] = /^\{.*?^\}|^\{.*\}$/ms.exec(output) ?? [];
  const { clientSecret: secret } = JSON.parse(json);
  return {
    ...{ ISSUER: issuer, API: orders.url, SCOPE, CLIENT_ID: id },
    ...(typeof secret === 'string' && { CLIENT_SECRET: secret }),
    ...{ NODE_EXTRA_CA_CERTS: authority, SSL_CERT_FILE: authority, REQUESTS_CA_BUNDLE: authority },
    SESSION_SECRET: randomBytes(32).toString('hex'),
  };
}

/** @returns the certificate of the authority */
function createCertificates(folder: string): string {
  const openssl = (line: string) =>
    execFileSync('openssl', line.split(' '), { cwd: folder, stdio: 'pipe' });
  const key = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes';
  openssl(`req -x509 ${key} -days 2 -subj /CN=test-authority -keyout ca.key -out ca.pem`);
  openssl(
    `req -x509 ${key} -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 ` +
      '-addext basicConstraints=critical,CA:FALSE -CA ca.pem -CAkey ca.key -keyout server.key -out server.pem',
  );
  return join(folder, 'ca.pem');
}

interface Terminator {
  readonly folder: string;
  readonly port: number;
  readonly target: number;
}

async function startTerminator({ folder, port, target }: Terminator): Promise<void> {
  const [key, cert] = ['server.key', 'server.pem'].map((name) => readFileSync(join(folder, name)));
  const pass = (request: IncomingMessage, response: ServerResponse): void => {
    const { method, url: path, headers: sent } = request;
    const headers = { ...sent, 'x-forwarded-proto': 'https' };
    const onward = forward({ port: target, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  };
  const server = createServer({ key, cert }, pass);
  await new Promise<void>((resolve) => server.listen(port, resolve));
  cleanUpAfterTests(() => {
    server.closeAllConnections();
    server.close();
  });
}
