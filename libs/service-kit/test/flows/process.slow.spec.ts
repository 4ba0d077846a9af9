import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { connect, createServer } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../../testing/index.js';
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

/** How a request over a kept connection ends. */
async function outcomeOf(url: string, agent: Agent): Promise<string> {
  try {
    const response = await fetched(url, agent);
    await json(response);
    return `answered, ${response.headers.connection}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
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

  it('accepts connections for a moment, and closes the port while requests are in flight', async () => {
    const service = startServiceProcess({ ...freePort, SHUTDOWN_DEADLINE_MS: '30000' });
    const url = await urlOf(service);
    const stuck = fetch(`${url}/stuck`).then(
      () => 'answered',
      () => 'cut',
    );
    await service.waitForOutput(/in flight/);
    service.child.kill('SIGTERM');
    await service.waitForOutput(/SIGTERM/);

    const late = await fetch(`${url}/health/live`);
    expect({ status: late.status, connection: late.headers.get('connection') }).toEqual({
      status: 200,
      connection: 'close',
    });
    await waitUntil(
      async () => (await fetch(`${url}/health/live`).catch(() => 'closed')) === 'closed',
    );
    expect(await Promise.race([stuck, Promise.resolve('in flight')])).toBe('in flight');
  });

  it('resets no connection of 16 clients that go to the next replica after Connection: close', async () => {
    let replica = startServiceProcess(freePort);
    let url = await urlOf(replica);
    const outcomes = new Map<string, number>();
    let isRunning = true;
    const clients = Array.from({ length: 16 }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      while (isRunning) {
        const outcome = await outcomeOf(`${url}/health/live`, agent);
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
        // A load balancer does not send the next request to a replica that is stopping.
        if (outcome === 'answered, close') await waitUntil(() => !isRunning || url !== stopping);
      }
      agent.destroy();
    });
    let stopping = '';
    for (const _stop of [1, 2, 3, 4]) {
      const next = startServiceProcess(freePort);
      const nextUrl = await urlOf(next);
      const before = outcomes.get('answered, keep-alive') ?? 0;
      await waitUntil(() => (outcomes.get('answered, keep-alive') ?? 0) > before + 100);
      stopping = url;
      replica.child.kill('SIGTERM');
      await replica.waitForOutput(/SIGTERM/);
      url = nextUrl;
      expect(await replica.exit()).toBe(0);
      replica = next;
    }
    isRunning = false;
    await Promise.all(clients);
    expect([...outcomes.keys()].sort()).toEqual(['answered, close', 'answered, keep-alive']);
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

describe('load shedding (RFC 9110 §15.6.4)', () => {
  // A free event loop of a busy machine waits less, and one second with either of the pauses below has a longer mean.
  const settings = { ...freePort, MAX_EVENT_LOOP_DELAY_MS: '20' };
  const fourSeconds = 4_000;

  it('takes a freeze of the process for no load', async () => {
    const service = startServiceProcess(settings);
    const url = await urlOf(service);
    service.child.kill('SIGSTOP');
    await delay(fourSeconds);
    service.child.kill('SIGCONT');
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await fetch(`${url}/fast`)).status),
    );
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it('refuses requests after the event loop was busy', async () => {
    const service = startServiceProcess(settings);
    const url = await urlOf(service);
    // It refuses for a second only.
    await waitUntil(async () => {
      await fetch(`${url}/busy`);
      return (await fetch(`${url}/fast`)).status === 503;
    });
    await waitUntil(async () => (await fetch(`${url}/fast`)).status === 200);
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

describe('a process that stood still for 16 s', () => {
  const BODY = '{"a":1}';
  const HEAD = `POST /echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: ${BODY.length}\r\n\r\n`;

  it('answers requests that came meanwhile, also on connections and for headers that came before', async () => {
    const service = startServiceProcess({ ...freePort, MAX_EVENT_LOOP_DELAY_MS: '100' });
    const { port, hostname } = new URL(await urlOf(service));
    const open = async (head: string) => {
      const socket = connect(Number(port), hostname);
      await once(socket, 'connect');
      if (head) socket.write(head);
      return socket;
    };
    const sockets = await Promise.all([open(''), open(HEAD)]);
    // The process has accepted the first connection and read the headers on the second.
    await fetched(`http://${hostname}:${port}/fast`);
    // When it goes on, its timers run before it reads from connections.
    const busy = fetched(`http://${hostname}:${port}/busy`);
    await service.waitForOutput(/in flight/);
    // The work from before the standstill must not count as load.
    await delay(1_500);
    service.child.kill('SIGSTOP');
    sockets[0].write(HEAD + BODY);
    sockets[1].write(BODY);
    await delay(16_000);
    service.child.kill('SIGCONT');
    await busy;
    const answers = await Promise.all(sockets.map((socket) => text(socket)));
    expect(answers.map((answer) => answer.slice(0, 12))).toEqual(['HTTP/1.1 201', 'HTTP/1.1 201']);
  }, 40_000);
});
