import { passportJwtSecret } from 'jwks-rsa';
import { ExtractJwt, Strategy } from 'passport-jwt';

/**
 * The options that the documentation of Nest, passport-jwt and jwks-rsa leads to, issuer and audience checked.
 *
 * @param {{ issuer: any, audience: string, algorithm: any, jwksUri: string }} options
 */
export function stockOptions({ issuer, audience, algorithm, jwksUri }) {
  return {
    jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
    secretOrKeyProvider: passportJwtSecret({
      cache: true,
      rateLimit: true,
      jwksRequestsPerMinute: 5,
      jwksUri,
    }),
    issuer,
    audience,
    algorithms: [algorithm],
  };
}

/**
 * passport-jwt with keys from jwks-rsa, run as passport runs a strategy: on an object of its own for each request.
 *
 * @param {any} list0
 */
export async function stock([{ settings }]) {
  const strategy = new Strategy(stockOptions(settings), (claims, done) => done(null, claims));
  return (/** @type {string} */ authorization) =>
    new Promise((resolve, reject) => {
      const attempt = Object.create(strategy);
      Object.assign(attempt, { success: resolve, fail: reject, error: reject });
      attempt.authenticate({ headers: { host: 'api.example', authorization } });
    });
}
