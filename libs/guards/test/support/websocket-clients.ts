import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

/** What a client brings to its handshake. */
export interface Credentials {
  /** A list is sent line by line, by ws. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** Of Socket.IO. */
  readonly auth?: Readonly<Record<string, unknown>>;
  /** After the path. */
  readonly query?: Readonly<Record<string, string>>;
}

/** A client of either library. */
export interface Client {
  send(event: string, data?: unknown): void;
  /** The next message of this name. */
  next(event: string): Promise<unknown>;
  /** What the server closed it with: a code of ws, a reason of Socket.IO. */
  readonly closed: Promise<unknown>;
  close(): void;
}

export type Connect = (app: INestApplication, credentials?: Credentials) => Promise<Client>;

/** A handshake that the server refused. */
export class HandshakeRejected extends Error {
  constructor(
    /** The phrase of the status. */
    readonly title: string,
    readonly challenge: string | undefined,
    readonly retryAfter?: string,
  ) {
    super(title);
  }
}

export function bearer(token: string): Credentials {
  return { headers: { authorization: `Bearer ${token}` } };
}

/** Messages that have come and those that somebody waits for. */
class Inbox {
  private readonly messages: { event: string; data: unknown }[] = [];
  private readonly waiting = new Set<() => void>();

  put(event: string, data: unknown): void {
    this.messages.push({ event, data });
    for (const look of this.waiting) look();
  }

  next(event: string): Promise<unknown> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.messages.findIndex((message) => message.event === event);
        if (found < 0) return;
        this.waiting.delete(look);
        resolve(this.messages.splice(found, 1)[0]?.data);
      };
      this.waiting.add(look);
      look();
    });
  }
}

export const connectSocketIo: Connect = async (app, { headers = {}, auth, query } = {}) => {
  const socket = io(await app.getUrl(), {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    extraHeaders: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name, String(value)]),
    ),
    ...(auth && { auth }),
    ...(query && { query }),
  });
  const inbox = new Inbox();
  socket.onAny((event: string, data: unknown) => inbox.put(event, data));
  const closed = new Promise((resolve) => socket.on('disconnect', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.on('connect', resolve);
    socket.on('connect_error', (error: Error & { data?: { challenge?: string } }) => {
      socket.close();
      reject(new HandshakeRejected(error.message, error.data?.challenge));
    });
  });
  return {
    send: (event, data) => socket.emit(event, data),
    next: (event) => inbox.next(event),
    closed,
    close: () => socket.close(),
  };
};

export const connectWs: Connect = async (app, { headers = {}, query = {} } = {}) => {
  const url = `${(await app.getUrl()).replace('http', 'ws')}/?${new URLSearchParams(query).toString()}`;
  const socket = new WebSocket(url, { headers });
  const inbox = new Inbox();
  socket.binaryType = 'arraybuffer';
  socket.on('message', (frame: ArrayBuffer) => {
    const { event, data } = JSON.parse(Buffer.from(frame).toString());
    inbox.put(event, data);
  });
  const closed = new Promise((resolve) => socket.on('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => {
      readRejection(response).then(reject, reject);
    });
  });
  return {
    send: (event, data) => socket.send(JSON.stringify({ event, data })),
    next: (event) => inbox.next(event),
    closed,
    close: () => socket.close(),
  };
};

async function readRejection(response: IncomingMessage): Promise<HandshakeRejected> {
  let body = '';
  response.on('data', (chunk) => (body += chunk));
  await once(response, 'end');
  const { headers } = response;
  return new HandshakeRejected(
    JSON.parse(body).title,
    headers['www-authenticate'],
    headers['retry-after'],
  );
}
