/** Starts one service for each library, as docs/recipes/verify-in-other-languages.md configures it, and prints their addresses. */
import { serve } from '@hono/node-server';
import fastifyJwt from '@fastify/jwt';
import express from 'express';
import { auth } from 'express-oauth2-jwt-bearer';
import Fastify from 'fastify';
import buildGetJwks from 'get-jwks';
import { Hono } from 'hono';
import { jwk } from 'hono/jwk';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { passportJwtSecret } from 'jwks-rsa';
import passport from 'passport';
import { ExtractJwt, Strategy } from 'passport-jwt';

const { ISSUER: issuer, AUDIENCE: audience, JWKS_URI: jwksUri } = process.env;
const { origin, pathname } = new URL(jwksUri);

/** @returns the address of an Express app behind the handler */
function listenBehind(...handlers) {
  const app = express();
  app.get('/', ...handlers, (_request, response) => response.send('verified'));
  app.use((error, _request, response, _next) => response.status(error.status ?? 500).send('error'));
  return new Promise((resolve) => {
    const server = app.listen(0, () => resolve(`http://localhost:${server.address().port}/`));
  });
}

const startBearer = () =>
  listenBehind(auth({ issuer, jwksUri, audience, tokenSigningAlg: 'ES256', strict: true }));

function startPassport() {
  passport.use(
    new Strategy(
      {
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: passportJwtSecret({ jwksUri, cache: true, rateLimit: true }),
        issuer,
        audience,
        algorithms: ['ES256'],
      },
      (claims, done) => done(null, claims),
    ),
  );
  return listenBehind(passport.authenticate('jwt', { session: false }));
}

async function startFastify() {
  const keys = buildGetJwks({ jwksPath: pathname });
  const app = Fastify();
  await app.register(fastifyJwt, {
    decode: { complete: true },
    secret: async (_request, { header: { kid, alg } }) => {
      try {
        return await keys.getPublicKey({ kid, alg, domain: origin });
      } catch (error) {
        throw Object.assign(error, { statusCode: error.code === 'JWK_NOT_FOUND' ? 401 : 503 });
      }
    },
    verify: {
      algorithms: ['ES256'],
      allowedIss: issuer,
      allowedAud: audience,
      checkTyp: 'at+jwt',
    },
  });
  app.get('/', { onRequest: (request) => request.jwtVerify() }, async () => 'verified');
  return app.listen({ port: 0, host: 'localhost' });
}

function startHono() {
  const app = new Hono();
  const verification = { typ: 'at+jwt', iss: issuer, aud: audience };
  app.use(jwk({ jwks_uri: jwksUri, alg: ['ES256'], verification }));
  app.get('/', (context) => context.text('verified'));
  return new Promise((resolve) => {
    serve({ fetch: app.fetch, port: 0 }, ({ port }) => resolve(`http://localhost:${port}/`));
  });
}

function startJose() {
  const keys = createRemoteJWKSet(new URL(jwksUri));
  const options = { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] };
  return listenBehind(async (request, response, next) => {
    const text = request.headers.authorization?.replace(/^Bearer /, '') ?? '';
    await jwtVerify(text, keys, options).then(
      () => next(),
      (error) => response.status(401).send(error.code),
    );
  });
}

const services = {
  'express-oauth2-jwt-bearer': await startBearer(),
  'passport-jwt with jwks-rsa': await startPassport(),
  '@fastify/jwt with get-jwks': await startFastify(),
  hono: await startHono(),
  jose: await startJose(),
};
console.log(JSON.stringify(services));
