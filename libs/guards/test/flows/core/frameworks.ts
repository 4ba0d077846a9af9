// frameworks.ts
import type { AccessToken, Verifier } from '@gatehouse/guards/core';
import type { RequestHandler } from 'express';
import type { onRequestAsyncHookHandler } from 'fastify';
import { createMiddleware } from 'hono/factory';
import { authenticate } from './node.js';

export const forExpress = (verifier: Verifier): RequestHandler =>
  async function requireToken(request, response, next) {
    const { token, ...refusal } = await authenticate(verifier, request.headers.authorization);
    if (!token) return void response.set(refusal.headers).sendStatus(refusal.status);
    response.locals['token'] = token;
    next();
  };
export const forFastify = (verifier: Verifier): onRequestAsyncHookHandler =>
  async function requireToken(request, reply) {
    const { token, ...refusal } = await authenticate(verifier, request.headers.authorization);
    if (!token) return reply.headers(refusal.headers).code(refusal.status).send();
    request.setDecorator('token', token); // after app.decorateRequest('token')
  };
export const forHono = (verifier: Verifier) =>
  createMiddleware<{ Variables: { token: AccessToken } }>(async (context, next) => {
    const { token, ...refusal } = await authenticate(verifier, context.req.header('authorization'));
    if (!token) return new Response(null, refusal);
    context.set('token', token);
    return next();
  });
