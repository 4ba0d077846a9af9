import express from 'express';
import { auth, requiredScopes } from 'express-oauth2-jwt-bearer';
import { listen, ORDERS, PATH, SCOPE } from './resource.mjs';

/**
 * Its strict mode, which checks `typ`, and plain bearer tokens only.
 *
 * @param {{ issuer: any, audience: string, algorithm: any, port: number }} options
 */
export function start({ issuer, audience, algorithm, port }) {
  const app = express();
  const options = { issuerBaseURL: issuer, audience, tokenSigningAlg: algorithm };
  app.use(auth({ ...options, strict: true, dpop: { enabled: false } }));
  app.get(PATH, requiredScopes(SCOPE), (_request, response) => response.json(ORDERS));
  return listen(app, port);
}
