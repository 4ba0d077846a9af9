import { createServer } from 'node:http';
import { once } from 'node:events';
import { AnswerWatch, findHeaderFaults } from '../../testing/index.js';

describe('the watch over all answers of a server', () => {
  it.each([
    ['Retry-After', 'Infinity'],
    ['Retry-After', 'NaN'],
    ['Retry-After', '0'],
    ['Retry-After', '1.5'],
    ['Retry-After', '-1'],
    ['Retry-After', '99999999999'],
    ['Cache-Control', 'public, max-age=-3'],
    ['Cache-Control', 'max-age=0.5'],
    ['RateLimit', '"login";r=-1;t=60'],
    ['RateLimit-Policy', '"login";q=0;w=60'],
    ['Set-Cookie', 'a=b; Max-Age=1.5'],
    ['Set-Cookie', 'a=b; Expires=Invalid Date'],
    ['Location', '/a b'],
    ['Location', 'https://example.com/{x}'],
    ['ETag', '"a"b"'],
    ['Content-Type', 'text/html; charset=[object Object]'],
    ['X-Any', 'undefined'],
    ['X-Any', 'ünïcode'],
  ])('reports %s: %s', (name, value) => {
    expect([...findHeaderFaults(name, value)]).not.toEqual([]);
  });

  it.each([
    ['Retry-After', '1'],
    ['Cache-Control', 'public, max-age=300, stale-if-error=60'],
    ['RateLimit', '"login";r=0;t=60'],
    ['Set-Cookie', '__Host-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax'],
    ['Location', 'com.example.app:/callback?code=a%20b'],
    ['Location', '/account'],
    ['ETag', 'W/"1-abc"'],
    ['Content-Type', 'application/problem+json; charset=utf-8'],
  ])('accepts %s: %s', (name, value) => {
    expect([...findHeaderFaults(name, value)]).toEqual([]);
  });

  it('sees headers of writeHead and setHeader, and times in JSON bodies', async () => {
    const server = createServer((_request, response) => {
      response.setHeader('retry-after', 'Infinity');
      response.writeHead(200, { etag: 'none' });
      response.end('{"expires_in":null,"exp":1764000000.5,"iat":1764000000}');
    });
    const watch = new AnswerWatch(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    await fetch(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/x`);
    server.close();
    expect(() => watch.assertSound()).toThrow(
      /^GET \/x: retry-after: "Infinity" has [^]*etag: "none" is[^]*"expires_in":null is[^]*"exp":1764000000\.5 is/,
    );
  });
});
