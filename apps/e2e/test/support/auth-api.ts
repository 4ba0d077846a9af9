import { randomBytes } from 'node:crypto';
import { type Answer, send } from './http.js';

/** The default identifiers of the resource servers. They are names and do not depend on ports. */
export const RESOURCES = {
  orders: 'http://localhost:3001',
  billing: 'http://localhost:3002',
} as const;

export interface Person {
  readonly email: string;
  readonly password: string;
}
export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}
/** `scope`, `resource` … of RFC 6749 §6 and RFC 8707 §2. */
type LoginParameters = Readonly<Record<string, string>>;

export const aPerson = (): Person => ({
  email: `person-${randomBytes(6).toString('hex')}@gatehouse.example`,
  password: randomBytes(15).toString('base64url'),
});

export const register = (auth: string, person: Person): Promise<Answer> =>
  send(`${auth}/auth/register`, { json: person });

export const login = (
  auth: string,
  person: Person,
  parameters: LoginParameters = {},
): Promise<Answer> => send(`${auth}/auth/login`, { json: { ...person, ...parameters } });

export const refresh = (
  auth: string,
  refreshToken: string,
  parameters: LoginParameters = {},
): Promise<Answer> =>
  send(`${auth}/auth/refresh`, { json: { refresh_token: refreshToken, ...parameters } });

/** Registers a new account and logs in. */
export async function registerAndLogIn(
  auth: string,
  parameters: LoginParameters = {},
): Promise<TokenPair> {
  const person = aPerson();
  await register(auth, person);
  return parseTokenPair(await login(auth, person, parameters));
}

/** @throws {Error} unless the answer is a successful token response with a refresh token (RFC 6749 §5.1) */
export function parseTokenPair({ status, text, body }: Answer): TokenPair {
  const { access_token: accessToken, refresh_token: refreshToken } = body;
  if (status !== 200 || typeof accessToken !== 'string' || typeof refreshToken !== 'string') {
    throw new Error(`expected a token pair, got ${status} ${text}`);
  }
  return { accessToken, refreshToken };
}
