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
 * Serves `GET /metrics` on a separate port. A proxy in front of the service then does not publish the metrics, and a scrape does
 * not wait for other requests. The server closes with the service.
 */
export async function serveMetrics(
  app: NestFastifyApplication,
  { host, port }: Address,
): Promise<Server> {
  const metrics = app.get(Metrics);
  const server = createServer((request, response) => {
    const isScrape = request.method === 'GET' && request.url === '/metrics';
    if (!isScrape) return void response.writeHead(404).end();
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
