import { JwtVerifier } from 'aws-jwt-verify';
import { JwtInvalidScopeError } from 'aws-jwt-verify/error';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import express from 'express';
import { listen, ORDERS, PATH, SCOPE } from './resource.mjs';

/** Its own knows https only, and the issuer is on the loopback interface. */
const fetcher = { fetch: async (/** @type {string} */ uri) => (await fetch(uri)).arrayBuffer() };

/**
 * Its verifier for any issuer. It verifies tokens and knows no HTTP: header and answers are ours, in the words of RFC 6750.
 * It has no option for the algorithm; it takes that of the key.
 *
 * @param {{ issuer: any, jwksUri: string, audience: string }} options
 */
function middleware({ issuer, jwksUri, audience }) {
  const properties = { issuer, audience, jwksUri, scope: SCOPE };
  const jwksCache = new SimpleJwksCache({ fetcher });
  const verifier = JwtVerifier.create(properties, { jwksCache });
  return async (
    /** @type {any} */ request,
    /** @type {any} */ response,
    /** @type {any} */ next,
  ) => {
    const token = /^bearer +([^ ]+)$/i.exec(request.header('authorization') ?? '')?.[1];
    if (!token) return response.status(401).set('WWW-Authenticate', 'Bearer').end();
    try {
      await verifier.verify(token);
    } catch (error) {
      return refuse(response, error);
    }
    return next();
  };
}

/** @param {any} response @param {any} error */
function refuse(response, error) {
  const lacksScope = error instanceof JwtInvalidScopeError;
  const [status, code] = lacksScope ? [403, 'insufficient_scope'] : [401, 'invalid_token'];
  response.status(status).set('WWW-Authenticate', `Bearer error="${code}"`).end();
}

/** @param {any} settings */
export function start(settings) {
  const app = express();
  app.get(PATH, middleware(settings), (_request, response) => response.json(ORDERS));
  return listen(app, settings.port);
}
