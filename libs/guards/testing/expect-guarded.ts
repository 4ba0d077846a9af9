import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { type GuardedRoute, routesOf } from './routes.js';
import type { TestIssuer } from './test-issuer.js';

/** What must happen when a route is asked for with these credentials. */
interface Expectation {
  readonly what: string;
  readonly authorization?: string;
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
  const origin = await originOf(app);
  const routes = routesOf(app).filter(({ rule }) => rule?.access !== 'public');
  const faults: string[] = [];
  for (const route of routes) {
    for (const expectation of expectations(route, issuer)) {
      const fault = await deviation(origin, route, expectation);
      if (fault) faults.push(`${nameOf(route)} with ${expectation.what}: ${fault}`);
    }
  }
  if (routes.length === 0) faults.push('The application has no route that wants a token');
  if (faults.length > 0)
    throw new Error(`Not guarded as they should be:\n  ${faults.join('\n  ')}`);
  return routes.map(nameOf).sort();
}

async function originOf(app: INestApplication): Promise<string> {
  const server: Server = app.getHttpServer();
  if (!server.listening) await app.listen(0, '127.0.0.1');
  return (await app.getUrl()).replace('[::1]', '127.0.0.1');
}

function expectations({ rule }: GuardedRoute, issuer: TestIssuer): Expectation[] {
  const elsewhere = { aud: `${issuer.audience}/elsewhere`, scope: scopesOf(rule).join(' ') };
  const wanted: Expectation[] = [
    { what: 'a wrong audience', status: 401, error: 'invalid_token', ...bearer(elsewhere) },
  ];
  if (rule?.access !== 'optional') wanted.push({ what: 'no token', status: 401 });
  if (scopesOf(rule).length > 0) {
    const none = { scope: 'another:scope' };
    wanted.push({ what: 'no scope', status: 403, error: 'insufficient_scope', ...bearer(none) });
  }
  return wanted;

  function bearer(claims: Readonly<Record<string, string>>) {
    return { authorization: `Bearer ${issuer.accessToken(claims)}` };
  }
}

function scopesOf(rule: GuardedRoute['rule']): readonly string[] {
  return [...(rule?.scopes ?? []), ...(rule?.anyScopes.flat() ?? [])];
}

async function deviation(
  origin: string,
  { method, path }: GuardedRoute,
  { authorization, status, error }: Expectation,
): Promise<string | undefined> {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const answer = await fetch(origin + path, { method, headers, redirect: 'manual' });
  await answer.body?.cancel();
  if (answer.status !== status) return `answered ${answer.status}, not ${status}`;
  const challenge = answer.headers.get('www-authenticate') ?? 'no challenge';
  const code = /error="([^"]*)"/.exec(challenge)?.[1];
  return code === error ? undefined : `challenged with ${challenge}`;
}

function nameOf({ method, path }: GuardedRoute): string {
  return `${method} ${path}`;
}
