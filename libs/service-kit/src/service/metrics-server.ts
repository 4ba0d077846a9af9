import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Metrics } from '../observability/metrics.js';
import { ShutdownService } from './shutdown.js';

interface Address {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/**
 * Serves `GET /metrics` on a port of its own, so that no proxy in front of the service shows them to the world, and a scrape
 * does not wait behind the service's requests. It closes with the service.
 */
export async function serveMetrics(
  app: NestFastifyApplication,
  { host, port }: Address,
): Promise<Server> {
  const metrics = app.get(Metrics);
  metrics.collectProcessMetrics();
  const server = createServer((request, response) => {
    const isAsked = request.method === 'GET' && request.url === '/metrics';
    if (!isAsked) return void response.writeHead(404).end();
    metrics.renderText().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(port, host);
  await once(server, 'listening');
  app.get(ShutdownService).runAfterShutdown(() => void server.close());
  return server;
}
