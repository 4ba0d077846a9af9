import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { DpopNonces } from '../src/dpop/nonces.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from '../src/nest/guards.options.js';
import { DpopClient } from './dpop-client.js';
import { type GuardedRoute, listRoutes } from './routes.js';
import type { TestIssuer } from './test-issuer.js';

/** What must happen when a route is asked for with these credentials. */
interface Expectation {
  readonly what: string;
  /** Of a token; without any, none is sent. */
  readonly claims?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Error code of the challenge (RFC 6750 §3.1); none where there were no credentials. */
  readonly error?: string;
}

/**
 * Asks every route over HTTP, and makes sure that it refuses no token, a token for another audience, and a token
 * without its scopes. An application that does not listen yet is made to.
 *
 * @returns the routes that want a token, such as `GET /orders/x`; assert on them, and a route that opens is noticed
 * @throws Error naming each route that answered otherwise
 */
export async function expectGuarded(app: INestApplication, issuer: TestIssuer): Promise<string[]> {
  const origin = await findOrigin(app);
  const headersFor = createHeaderFactory(app.get<ResolvedGuardsOptions>(GUARDS_OPTIONS), issuer);
  const routes = listRoutes(app).filter(({ rule }) => rule?.access !== 'public');
  const faults: string[] = [];
  for (const route of routes) {
    for (const expectation of listExpectations(route, issuer)) {
      const headers = expectation.claims ? headersFor(route, expectation.claims) : {};
      const fault = await findDeviation({ origin, headers, ...route }, expectation);
      if (fault) faults.push(`${formatRoute(route)} with ${expectation.what}: ${fault}`);
    }
  }
  if (routes.length === 0) faults.push('The application has no route that wants a token');
  if (faults.length > 0)
    throw new Error(`Not guarded as they should be:\n  ${faults.join('\n  ')}`);
  return routes.map(formatRoute).sort();
}

async function findOrigin(app: INestApplication): Promise<string> {
  const server: Server = app.getHttpServer();
  if (!server.listening) await app.listen(0, '127.0.0.1');
  return (await app.getUrl()).replace('[::1]', '127.0.0.1');
}

function listExpectations({ rule }: GuardedRoute, { audience }: TestIssuer): Expectation[] {
  const elsewhere = { aud: `${audience}/elsewhere`, scope: listScopes(rule).join(' ') };
  const wanted: Expectation[] = [
    { what: 'a wrong audience', status: 401, error: 'invalid_token', claims: elsewhere },
  ];
  if (rule?.access !== 'optional') wanted.push({ what: 'no token', status: 401 });
  if (listScopes(rule).length > 0) {
    const none = { scope: 'another:scope' };
    wanted.push({ what: 'no scope', status: 403, error: 'insufficient_scope', claims: none });
  }
  return wanted;
}

type StringMap = Readonly<Record<string, string>>;

/** As a client of the application has to: with a bearer token, or with a bound one where no other is taken. */
function createHeaderFactory({ dpop, issuers, now }: ResolvedGuardsOptions, issuer: TestIssuer) {
  const isBound = dpop && issuers.every(({ requiresDpop }) => requiresDpop);
  if (!isBound) {
    return (_route: GuardedRoute, claims: StringMap): StringMap => ({
      authorization: `Bearer ${issuer.accessToken(claims)}`,
    });
  }
  const client = new DpopClient({ now });
  const nonce = new DpopNonces(dpop, now).current();
  return ({ method, path }: GuardedRoute, claims: StringMap): StringMap => {
    const accessToken = issuer.accessToken({ ...claims, cnf: client.cnf });
    return client.headers({ method, url: dpop.baseUrl + path, accessToken, nonce });
  };
}

function listScopes(rule: GuardedRoute['rule']): readonly string[] {
  return [...(rule?.scopes ?? []), ...(rule?.anyScopes.flat() ?? [])];
}

interface RouteRequest extends Pick<GuardedRoute, 'method' | 'path'> {
  readonly origin: string;
  readonly headers: StringMap;
}

async function findDeviation(
  { origin, method, path, headers }: RouteRequest,
  { status, error }: Expectation,
): Promise<string | undefined> {
  const answer = await fetch(origin + path, { method, headers, redirect: 'manual' });
  await answer.body?.cancel();
  if (answer.status !== status) return `answered ${answer.status}, not ${status}`;
  const challenge = answer.headers.get('www-authenticate') ?? 'no challenge';
  const code = /error="([^"]*)"/.exec(challenge)?.[1];
  return code === error ? undefined : `challenged with ${challenge}`;
}

function formatRoute({ method, path }: GuardedRoute): string {
  return `${method} ${path}`;
}
