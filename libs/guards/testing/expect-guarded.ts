import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { DpopNonces } from '../src/dpop/nonces.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from '../src/nest/guards.options.js';
import { DpopClient } from './dpop-client.js';
import { type GuardedRoute, listRoutes } from './routes.js';
import type { TestIssuer } from './test-issuer.js';

/** The answer that a request with these credentials must get. */
interface Expectation {
  readonly credentials: string;
  /** Claims of the token. Without claims, no token is sent. */
  readonly claims?: Readonly<Record<string, string>>;
  readonly status: number;
  /** The error code of the challenge (RFC 6750 §3.1). Absent for a request without credentials. */
  readonly error?: string;
}

/**
 * Sends requests to every guarded route over HTTP. Checks that the route refuses a request without a token, a token for
 * another audience and a token without the required scopes. Starts to listen if the application does not listen yet.
 *
 * @returns the guarded routes, such as `GET /orders/x`. Assert on them, so that the test fails when a route becomes public.
 * @throws Error that names each route with another answer
 */
export async function expectGuarded(app: INestApplication, issuer: TestIssuer): Promise<string[]> {
  const origin = await findOrigin(app);
  const headersFor = createHeaderFactory(app.get<ResolvedGuardsOptions>(RESOLVED_OPTIONS), issuer);
  const routes = listRoutes(app).filter(({ rule }) => rule?.access !== 'public');
  const faults: string[] = [];
  for (const route of routes) {
    for (const expectation of listExpectations(route, issuer)) {
      const headers = expectation.claims ? headersFor(route, expectation.claims) : {};
      const fault = await findDeviation({ origin, headers, ...route }, expectation);
      if (fault) faults.push(`${formatRoute(route)} with ${expectation.credentials}: ${fault}`);
    }
  }
  if (routes.length === 0) faults.push('The application has no route that requires a token');
  if (faults.length > 0)
    throw new Error(`These routes are not guarded correctly:\n  ${faults.join('\n  ')}`);
  return routes.map(formatRoute).sort();
}

async function findOrigin(app: INestApplication): Promise<string> {
  const server: Server = app.getHttpServer();
  if (!server.listening) await app.listen(0, '127.0.0.1');
  return (await app.getUrl()).replace('[::1]', '127.0.0.1');
}

function listExpectations({ rule }: GuardedRoute, { audience }: TestIssuer): Expectation[] {
  const foreign = { aud: `${audience}/elsewhere`, scope: listScopes(rule).join(' ') };
  const expectations: Expectation[] = [
    { credentials: 'a wrong audience', status: 401, error: 'invalid_token', claims: foreign },
  ];
  if (rule?.access !== 'optional') expectations.push({ credentials: 'no token', status: 401 });
  if (listScopes(rule).length > 0) {
    const claims = { scope: 'another:scope' };
    expectations.push({
      credentials: 'no scope',
      status: 403,
      error: 'insufficient_scope',
      claims,
    });
  }
  return expectations;
}

type StringMap = Readonly<Record<string, string>>;

/** Makes the headers of a request: a bearer token, or a DPoP-bound token where every issuer requires one. */
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
