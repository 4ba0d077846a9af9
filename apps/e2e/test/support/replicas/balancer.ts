import {
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { types } from 'node:util';
import { cleanUpAfterTests } from '../cleanup.js';
import { freePort } from '@gatehouse/service-kit/testing';

/** Of an answer that no replica gave. */
export const BY_BALANCER = 'x-answered-by-balancer';

/** How long a replica that refused a connection is passed over, in milliseconds. */
const SKIP_MS = 250;
/** RFC 9110 §9.2.2. */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);
/** RFC 9110 §7.6.1: of one connection, not of the message. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: Buffer;
}

export interface PassedAnswer {
  readonly status: number;
  /** Names and values in turn, as they were sent. */
  readonly headers: readonly string[];
  readonly body: string;
}

type Observer = (question: ReceivedRequest, answer: PassedAnswer) => void;

/**
 * Hands requests to replicas in turn, as the balancers of this world do: without sticky sessions, and a request that may
 * have been acted on is not repeated unless its method allows that. Connections are not kept, so each request is taken on
 * or it is not.
 */
export class Balancer {
  readonly url: string;
  private replicas: readonly string[] = [];
  private readonly skippedUntil = new Map<string, number>();
  private turn = 0;

  private constructor(
    port: number,
    private readonly observe: Observer | undefined,
  ) {
    this.url = `http://localhost:${port}`;
  }

  /** @param observe called with each answer of a replica, also one that the client did not read to its end */
  static async start(observe?: Observer): Promise<Balancer> {
    const port = await freePort();
    const balancer = new Balancer(port, observe);
    const server = createServer((question, reply) => void balancer.handle(question, reply));
    await new Promise<void>((listening) => server.listen(port, listening));
    cleanUpAfterTests(() => closeServer(server));
    return balancer;
  }

  /** Where the replicas are. */
  setReplicas(replicas: readonly string[]): void {
    this.replicas = replicas;
  }

  private async handle(question: IncomingMessage, reply: ServerResponse): Promise<void> {
    try {
      const received = await readRequest(question);
      const answer = await this.forward(received);
      if (this.observe) collectAnswer(answer, (passed) => this.observe?.(received, passed));
      reply.writeHead(answer.statusCode ?? 502, endToEnd(answer.headers));
      await pipeline(answer, reply);
    } catch (error) {
      // A broken answer cannot be repaired, so the client must see the broken connection.
      if (reply.headersSent) reply.destroy();
      else refuse(reply, isRefused(error) ? 503 : 502);
    }
  }

  private async forward(question: ReceivedRequest): Promise<IncomingMessage> {
    let failure: unknown = new Error('no replica');
    for (const replica of this.orderReplicas()) {
      try {
        return await sendToReplica(replica, question);
      } catch (error) {
        failure = error;
        if (isRefused(error)) this.skippedUntil.set(replica, Date.now() + SKIP_MS);
        else if (!IDEMPOTENT.has(question.method)) throw error;
      }
    }
    throw failure;
  }

  /** All of them: those that refused lately come last. */
  private orderReplicas(): readonly string[] {
    this.turn += 1;
    const start = this.turn % Math.max(1, this.replicas.length);
    const order = [...this.replicas.slice(start), ...this.replicas.slice(0, start)];
    const isOut = (replica: string) => (this.skippedUntil.get(replica) ?? 0) > Date.now();
    return [...order.filter((replica) => !isOut(replica)), ...order.filter(isOut)];
  }
}

function collectAnswer(answer: IncomingMessage, onEnd: (passed: PassedAnswer) => void): void {
  const chunks: Buffer[] = [];
  const { statusCode: status = 0, rawHeaders: headers } = answer;
  answer.on('data', (chunk: Buffer) => chunks.push(chunk));
  answer.once('close', () => onEnd({ status, headers, body: Buffer.concat(chunks).toString() }));
}

async function readRequest(question: IncomingMessage): Promise<ReceivedRequest> {
  const { method = 'GET', url: path = '/', headers } = question;
  return { method, path, headers: endToEnd(headers), body: await buffer(question) };
}

function sendToReplica(
  replica: string,
  { method, path, headers, body }: ReceivedRequest,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(`${replica}${path}`, { method, agent: false, headers });
    sent.once('response', resolve).on('error', reject);
    sent.end(body.length > 0 ? body : undefined);
  });
}

function endToEnd(headers: IncomingMessage['headers']): Record<string, string | string[]> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || HOP_BY_HOP.has(name) ? [] : [[name, value] as const],
  );
  return Object.fromEntries(entries);
}

/** The connection failed, so no replica received the request. A name with several addresses fails with all their errors. */
const isRefused = (error: unknown): boolean =>
  types.isNativeError(error) && 'code' in error && error.code === 'ECONNREFUSED';

function refuse(reply: ServerResponse, status: 502 | 503): void {
  reply.writeHead(status, { [BY_BALANCER]: 'yes', 'retry-after': '1' }).end();
}

function closeServer(server: Server): Promise<void> {
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}
