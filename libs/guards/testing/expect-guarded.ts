import type { Server } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import type { AccessRule } from '../src/nest/access-rules.js';
import { unrefServer } from './loopback-server.js';
import { type GuardedRoute, listGuardedRoutes } from './routes.js';
import type { TestIssuer } from './test-issuer.js';
import { setClaim } from './token-shape.js';
import { type Trial, TrialClient } from './trial-client.js';

export interface ExpectGuardedOptions {
  /** Also sends a good token to every route, which calls its handler. Default true. */
  readonly callsHandlers?: boolean | undefined;
}

/**
 * Sends requests to every guarded route over HTTP. Checks that the route refuses a request without a token, a token for
 * another audience and a token without the required scopes, and that nothing refuses a token that meets the rule of the
 * route. Such a token calls the handler; it may answer 400 or 404. Starts to listen if the application does not listen yet.
 *
 * @returns the guarded routes, such as `GET /orders/x`. Assert on them, so that the test fails when a route becomes public.
 * @throws Error that names each route with another answer
 */
export async function expectGuarded(
  app: INestApplication,
  issuer: TestIssuer,
  { callsHandlers = true }: ExpectGuardedOptions = {},
): Promise<string[]> {
  const origin = await findOrigin(app);
  const client = new TrialClient(app, issuer, origin);
  const routes = listGuardedRoutes(app);
  if (routes.length === 0) throw new Error('The application has no route that requires a token');
  const faults: string[] = [];
  for (const route of routes) {
    const trials = listRefusals(route, issuer);
    if (callsHandlers) trials.push(goodToken(route, issuer));
    for (const fault of await client.findFaults(route, trials)) {
      faults.push(`${formatRoute(route)} with ${fault}`);
    }
  }
  if (faults.length > 0)
    throw new Error(`These routes are not guarded correctly:\n  ${faults.join('\n  ')}`);
  return routes.map(formatRoute).sort();
}

async function findOrigin(app: INestApplication): Promise<string> {
  const server: Server = app.getHttpServer();
  if (!server.listening) {
    unrefServer(server);
    await app.listen(0, '127.0.0.1');
  }
  return (await app.getUrl()).replace('[::1]', '127.0.0.1');
}

function listRefusals({ rule }: GuardedRoute, { audience }: TestIssuer): Trial[] {
  const scope = listScopes(rule).join(' ');
  const trials: Trial[] = [
    {
      credentials: 'a wrong audience',
      claims: { aud: `${audience}/elsewhere`, scope },
      findFault: refusal(401, 'invalid_token'),
    },
  ];
  if (rule.access !== 'optional') {
    trials.push({ credentials: 'no token', findFault: refusal(401) });
  }
  if (scope !== '') {
    trials.push({
      credentials: 'no scope',
      claims: { scope: 'another:scope' },
      findFault: refusal(403, 'insufficient_scope'),
    });
  }
  return trials;
}

/** @param expected the error code of the challenge (RFC 6750 §3.1). Absent for a request without credentials. */
function refusal(expectedStatus: number, expected?: string): Trial['findFault'] {
  return ({ status, headers }) => {
    if (status !== expectedStatus) return `answered ${status}, not ${expectedStatus}`;
    const challenge = headers.get('www-authenticate') ?? undefined;
    const asExpected = findErrorCode(challenge) === expected;
    return asExpected ? undefined : `challenged with ${challenge ?? 'no challenge'}`;
  };
}

/** A token that meets the rule, except for its policies and predicates, which only the application can judge. */
function goodToken({ rule }: GuardedRoute, issuer: TestIssuer): Trial {
  const isJudged = rule.policies.length > 0 || rule.claims.some(isPredicate);
  return {
    credentials: 'a good token',
    claims: meetRule(rule, issuer),
    findFault: admission(isJudged),
    reachesHandler: true,
  };
}

function meetRule(rule: AccessRule, issuer: TestIssuer): Record<string, unknown> {
  const scopes = listScopes(rule);
  const claims: Record<string, unknown> = scopes.length > 0 ? { scope: scopes.join(' ') } : {};
  if (rule.roles.length > 0) claims['roles'] = rule.roles.flat();
  for (const requirement of rule.claims) {
    if (!isPredicate(requirement)) setClaim(claims, requirement.path, requirement.expected);
  }
  if (rule.maxLoginAge < Infinity) claims['auth_time'] = issuer.claims()['iat'];
  return claims;
}

/** The handler and other guards may answer 403 too, without a challenge (RFC 6750 §3.1). */
function admission(isJudged: boolean): Trial['findFault'] {
  return ({ status, headers }) => {
    const challenge = headers.get('www-authenticate') ?? undefined;
    const code = findErrorCode(challenge);
    if (isJudged && code === 'insufficient_scope') return undefined;
    if (status !== 401 && code === undefined) return undefined;
    if (challenge === undefined)
      return `answered ${status} without a challenge: another guard refused it`;
    const hint = code === 'insufficient_scope' ? `. ${CLAIMS_HINT}` : '';
    return `answered ${status} with ${challenge}${hint}`;
  };
}

const CLAIMS_HINT =
  'Does the handler need a claim that no access decorator names? Set it with TestIssuer.start({ claims })';

function isPredicate({ expected }: AccessRule['claims'][number]): boolean {
  return typeof expected === 'function';
}

function findErrorCode(challenge = ''): string | undefined {
  return /error="([^"]*)"/.exec(challenge)?.[1];
}

function listScopes({ scopes, anyScopes }: AccessRule): readonly string[] {
  return [...scopes, ...anyScopes.flat()];
}

function formatRoute({ method, path }: GuardedRoute): string {
  return `${method} ${path}`;
}
