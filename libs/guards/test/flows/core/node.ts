// node.ts
import { createServer } from 'node:http';
import { TokenError, UnavailableError, type Verifier } from '@gatehouse/guards/core';

/** Status and headers by RFC 6750 §3. Without a token, the request is refused. */
export async function authenticate(verifier: Verifier, header = '') {
  const text = /^Bearer +(\S+)$/i.exec(header)?.[1] ?? '';
  try {
    return { token: await verifier.verify(text), status: 200, headers: {} };
  } catch (error) {
    if (error instanceof UnavailableError)
      return { status: 503, headers: { 'Retry-After': String(error.retryAfterSeconds) } };
    if (!(error instanceof TokenError)) throw error;
    const challenge = text ? 'Bearer error="invalid_token"' : 'Bearer';
    return { status: 401, headers: { 'WWW-Authenticate': challenge } };
  }
}

export const createApi = (verifier: Verifier) =>
  createServer((request, response) => {
    void authenticate(verifier, request.headers.authorization).then((result) => {
      response.writeHead(result.status, result.headers).end(result.token?.subject);
    });
  });
