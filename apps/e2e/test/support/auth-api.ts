import { randomBytes } from 'node:crypto';
import { type Answer, send } from './http.js';

/** The default identifiers of the resource servers. They are names: they stay whatever the ports are. */
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

export const login = (auth: string, person: Person, wish: LoginParameters = {}): Promise<Answer> =>
  send(`${auth}/auth/login`, { json: { ...person, ...wish } });

export const refresh = (
  auth: string,
  refreshToken: string,
  wish: LoginParameters = {},
): Promise<Answer> =>
  send(`${auth}/auth/refresh`, { json: { refresh_token: refreshToken, ...wish } });

/** Somebody new, logged in. */
export async function registerAndLogIn(
  auth: string,
  wish: LoginParameters = {},
): Promise<TokenPair> {
  const person = aPerson();
  await register(auth, person);
  return parseTokenPair(await login(auth, person, wish));
}

/** @throws {Error} when it is not the successful answer of RFC 6749 §5.1 with a refresh token */
export function parseTokenPair({ status, text, body }: Answer): TokenPair {
  const { access_token: accessToken, refresh_token: refreshToken } = body;
  if (status !== 200 || typeof accessToken !== 'string' || typeof refreshToken !== 'string') {
    throw new Error(`no pair of tokens, but ${status} ${text}`);
  }
  return { accessToken, refreshToken };
}
