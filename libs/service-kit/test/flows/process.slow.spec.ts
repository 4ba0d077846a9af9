import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { json } from 'node:stream/consumers';
import {
  killProcesses,
  type ServiceProcess,
  startServiceProcess,
} from '../support/service-process.js';

const freePort = { PORT: '0' };

async function urlOf(service: ServiceProcess): Promise<string> {
  const [, url = ''] = await service.waitForOutput(/demo is ready at (http:\/\/[^"\s]+)/);
  return url;
}

async function fetched(url: string, agent?: Agent): Promise<IncomingMessage> {
  const [response] = await once(get(url, { agent }), 'response');
  return response;
}

afterEach(killProcesses);

describe('SIGTERM', () => {
  it('finishes the requests in flight before the database closes, and exits with 0', async () => {
    const service = startServiceProcess(freePort);
    const url = await urlOf(service);
    const answer = fetch(`${url}/slow`);
    await service.waitForOutput(/in flight/);
    service.child.kill('SIGTERM');

    const response = await answer;
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toEqual({ open: true });
    expect(await service.exit()).toBe(0);
    expect(service.output()).toContain('database closed');
    expect(service.output()).toContain('SIGTERM: finishing the requests in flight.');
  });

  it('closes the port while requests are in flight', async () => {
    const service = startServiceProcess(freePort);
    const url = await urlOf(service);
    const answer = fetch(`${url}/slow`);
    await service.waitForOutput(/in flight/);
    service.child.kill('SIGTERM');
    await service.waitForOutput(/SIGTERM/);

    await expect(fetch(`${url}/health/live`)).rejects.toThrow('fetch failed');
    expect((await answer).status).toBe(200);
  });

  it('does not wait for idle keep-alive connections', async () => {
    const service = startServiceProcess(freePort);
    const url = await urlOf(service);
    const agent = new Agent({ keepAlive: true });
    const response = await fetched(`${url}/health/live`, agent);
    const { socket } = response;
    await json(response);
    expect(socket.destroyed).toBe(false);

    const closed = once(socket, 'close');
    service.child.kill('SIGTERM');
    expect(await service.exit()).toBe(0);
    await closed;
    agent.destroy();
  });

  it('cuts the requests in flight at the deadline, and closes the database', async () => {
    const service = startServiceProcess(freePort);
    const url = await urlOf(service);
    const answer = fetch(`${url}/stuck`);
    const cut = expect(answer).rejects.toThrow('fetch failed');
    await service.waitForOutput(/in flight/);
    service.child.kill('SIGTERM');

    await cut;
    expect(await service.exit()).toBe(0);
    expect(service.output()).toContain('database closed');
    expect(service.output()).toContain('passed the deadline');
  });

  it('answers a readiness check on an open connection with 503', async () => {
    const service = startServiceProcess(freePort);
    const { hostname, port } = new URL(await urlOf(service));
    const socket = connect(Number(port), hostname);
    // An incomplete request head keeps the connection busy while the service starts to stop.
    socket.write('GET /health/ready HTTP/1.1\r\nHost: x\r\n');
    await once(socket, 'connect');
    void fetch(`http://${hostname}:${port}/slow`).catch(() => undefined);
    await service.waitForOutput(/in flight/);
    service.child.kill('SIGTERM');
    await service.waitForOutput(/SIGTERM/);
    socket.write('\r\n');

    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 503 /);
    expect(String(answer)).toMatch(/\r\nconnection: close\r\n/i);
    expect(await service.exit()).toBe(0);
  });
});

describe('a service that cannot start', () => {
  it('prints one sentence when its port is in use, and exits with 1', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? String(address?.port) : '';
    const service = startServiceProcess({ PORT: port });

    expect(await service.exit()).toBe(1);
    expect(service.output()).toContain(
      `Port ${port} is in use. Stop the other process or set PORT.`,
    );
    expect(service.output()).not.toMatch(/\n? +at /);
    other.close();
  });

  it('prints all faults of its configuration, and exits with 1', async () => {
    const service = startServiceProcess({ PORT: 'x', LOG_LEVEL: 'loud' });

    expect(await service.exit()).toBe(1);
    expect(service.output()).toMatch(/cannot be used:\n {2}- PORT: .*\n {2}- LOG_LEVEL: .*\n$/);
  });
});
