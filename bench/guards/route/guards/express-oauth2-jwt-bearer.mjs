import { auth } from 'express-oauth2-jwt-bearer';

/** Express middleware, before Nest sees the request. */
export function expressOauth2JwtBearer({ issuer, audience, algorithm, jwksUri }) {
  return { middleware: [auth({ issuer, audience, jwksUri, tokenSigningAlg: algorithm })] };
}
