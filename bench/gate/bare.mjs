/**
 * The work of the gate on a bare Nest application with Fastify: the signatures, commits and rows that every server needs,
 * and nothing else. It is a yardstick and not a server to use. It sends `{ port, … }` to its parent when it listens.
 */
import { createPublicKey, randomBytes, verify } from 'node:crypto';
import * as nest from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import 'reflect-metadata';
import { sqliteStore } from '../refresh/limit/stores.mjs';
import * as tokens from '../refresh/limit/tokens.mjs';

const [file, jwksUri, loginCount] = process.argv.slice(2);
const { keys } = /** @type {any} */ (await (await fetch(jwksUri)).json());
const issuerKey = {
  key: createPublicKey({ key: keys[0], format: 'jwk' }),
  dsaEncoding: /** @type {const} */ ('ieee-p1363'),
};

const store = sqliteStore(file);
store.database.exec(`
  CREATE TABLE code (id TEXT PRIMARY KEY, session TEXT, redeemed_at INTEGER) WITHOUT ROWID;
  CREATE TABLE orders (id TEXT PRIMARY KEY, status TEXT, currency TEXT, total INTEGER) WITHOUT ROWID;
  INSERT INTO orders VALUES ('ord_1', 'placed', 'EUR', 2100)`);
const insertFamily = store.database.prepare('INSERT INTO family VALUES (?, 1, 0)');
const insertCode = store.database.prepare('INSERT INTO code VALUES (?, ?, NULL)');
const redeemCode = store.database.prepare(
  'UPDATE code SET redeemed_at = ? WHERE id = ? AND redeemed_at IS NULL RETURNING session',
);
const selectOrder = store.database.prepare('SELECT * FROM orders WHERE id = ?');

const newId = () => randomBytes(16).toString('base64url');

/** @type {Record<string, (form: any, authorization: string) => Promise<object>>} */
const GRANTS = {
  refresh_token: async ({ refresh_token: token, client_id: clientId }) => {
    const { family, generation } = tokens.parseRefreshToken(token) ?? refuse();
    if (!(await store.rotate(family, generation))) refuse();
    return pair(family, generation + 1, clientId);
  },
  client_credentials: async (_form, authorization) => {
    if (!tokens.isService(authorization)) refuse();
    return answer({ access_token: tokens.accessToken(tokens.service.id, tokens.service.id) });
  },
  authorization_code: async ({ code, client_id: clientId }) => {
    const family = newId();
    const row = await store.write(() => {
      insertFamily.run(family);
      return /** @type {{ session: string } | undefined} */ (redeemCode.get(Date.now(), code));
    });
    if (!row) refuse();
    return { ...pair(family, 1, clientId), id_token: tokens.accessToken(family, clientId) };
  },
};

/** @param {string} family @param {number} generation @param {string} clientId */
const pair = (family, generation, clientId) =>
  answer({
    access_token: tokens.accessToken(family, clientId),
    refresh_token: tokens.refreshToken(family, generation),
  });

/** @param {object} issued */
const answer = (issued) => ({ ...issued, token_type: 'Bearer', expires_in: 300 });

/** @returns {never} */
function refuse() {
  throw new nest.UnauthorizedException();
}

/** Tokens that were verified before, as guards remember them. @type {Map<string, { exp: number }>} */
const known = new Map();

/** @param {string} authorization */
function claimsOf(authorization) {
  const token = authorization.slice('Bearer '.length);
  const claims = known.get(token) ?? verified(token);
  if (claims.exp * 1000 < Date.now()) refuse();
  return claims;
}

/** @param {string} token */
function verified(token) {
  const [header, payload, signature] = token.split('.');
  const input = Buffer.from(`${header}.${payload}`);
  if (!verify('sha256', input, issuerKey, Buffer.from(signature, 'base64url'))) refuse();
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  if (known.size < 1000) known.set(token, claims);
  return claims;
}

class Bare {
  keySet() {
    return tokens.jwks;
  }

  /** @param {any} form @param {string} authorization */
  token(form, authorization) {
    return GRANTS[form.grant_type](form, authorization);
  }

  /** @param {{ redirect_uri: string, state: string }} query @param {string} cookie */
  async authorize({ redirect_uri, state }, cookie) {
    const { family: session } =
      tokens.parseRefreshToken(cookie.slice('session='.length)) ?? refuse();
    const code = newId();
    await store.write(() => insertCode.run(code, session));
    return { url: `${redirect_uri}?${new URLSearchParams({ code, state })}` };
  }

  /** @param {string} id @param {string} authorization */
  order(id, authorization) {
    claimsOf(authorization);
    return selectOrder.get(id);
  }
}

/**
 * Decorated by hand: Node runs no decorator syntax.
 *
 * @param {keyof Bare} name
 * @param {MethodDecorator[]} decorators
 * @param {ParameterDecorator[]} parameters
 */
function route(name, decorators, parameters = []) {
  parameters.forEach((decorate, index) => decorate(Bare.prototype, name, index));
  const descriptor = /** @type {any} */ (Object.getOwnPropertyDescriptor(Bare.prototype, name));
  Reflect.decorate(decorators, Bare.prototype, name, descriptor);
}

route('keySet', [nest.Get('jwks'), nest.Header('content-type', 'application/json')]);
const authorization = nest.Headers('authorization');
route('token', [nest.Post('token'), nest.HttpCode(200)], [nest.Body(), authorization]);
route(
  'authorize',
  [nest.Get('authorize'), nest.Redirect()],
  [nest.Query(), nest.Headers('cookie')],
);
route('order', [nest.Get('orders/:id')], [nest.Param('id'), authorization]);
nest.Controller()(Bare);

const logins = Array.from({ length: Number(loginCount) }, newId);
await Promise.all(logins.map((family) => store.add(family)));
const root = { module: class Root {}, controllers: [Bare] };
const app = await NestFactory.create(root, new FastifyAdapter(), { logger: ['error'] });
await app.listen(0, '127.0.0.1');
const refreshTokens = logins.map((family) => tokens.refreshToken(family, 1));
process.send?.({
  port: app.getHttpServer().address().port,
  jwksPath: '/jwks',
  tokenPath: '/token',
  authorizePath: '/authorize',
  path: '/orders/ord_1',
  publicClient: 'bench-web',
  service: tokens.service,
  chains: refreshTokens,
  sessions: refreshTokens.map((token) => ({ cookies: [['session', token]] })),
});
