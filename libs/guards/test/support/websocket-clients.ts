import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

/** The credentials in a handshake. */
export interface Credentials {
  /** ws sends a list as several header lines. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  /** The option `auth` of Socket.IO. */
  readonly auth?: Readonly<Record<string, unknown>>;
  /** Query parameters. */
  readonly query?: Readonly<Record<string, string>>;
}

/** A client of either library. */
export interface Client {
  send(event: string, data?: unknown): void;
  /** Resolves to the data of the next message with this event name. */
  next(event: string): Promise<unknown>;
  /** Resolves when the connection closes: to the close code of ws or the reason of Socket.IO. */
  readonly closed: Promise<unknown>;
  close(): void;
}

export type Connect = (app: INestApplication, credentials?: Credentials) => Promise<Client>;

/** A handshake that the server refused. */
export class HandshakeRejected extends Error {
  constructor(
    /** The reason phrase of the HTTP status. */
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

/** Received messages and pending calls of `next`. */
class Inbox {
  private readonly messages: { event: string; data: unknown }[] = [];
  private readonly pending = new Set<() => void>();

  put(event: string, data: unknown): void {
    this.messages.push({ event, data });
    for (const deliver of this.pending) deliver();
  }

  next(event: string): Promise<unknown> {
    return new Promise((resolve) => {
      const deliver = () => {
        const found = this.messages.findIndex((message) => message.event === event);
        if (found < 0) return;
        this.pending.delete(deliver);
        resolve(this.messages.splice(found, 1)[0]?.data);
      };
      this.pending.add(deliver);
      deliver();
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
