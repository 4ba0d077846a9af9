import { connect } from 'node:net';
import { once } from 'node:events';

const END_OF_HEAD = '\r\n\r\n';

/** Whatever their Content-Length says, nothing follows (RFC 9112 §6.3). */
const BODILESS = new Set([204, 304]);

/**
 * One keep-alive HTTP/1.1 connection, one request at a time. Parsing only what the benchmark needs keeps the client
 * cheaper than the servers it measures. It needs answers with a Content-Length, which all of them send, or without a body.
 */
export class Connection {
  #socket;
  #received = Buffer.alloc(0);
  #waiting;

  static async open(port) {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /** Sends a whole request; resolves with the answer's status and body. */
  exchange(request) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request, 'latin1');
    });
  }

  close() {
    this.#socket.destroy();
  }

  #receive(chunk) {
    const received = this.#received.length ? Buffer.concat([this.#received, chunk]) : chunk;
    this.#received = received;
    const end = received.indexOf(END_OF_HEAD);
    if (end === -1) return;
    const head = received.latin1Slice(0, end);
    const start = end + END_OF_HEAD.length;
    const status = Number(head.slice(9, 12));
    const length = BODILESS.has(status) ? 0 : contentLength(head);
    if (length === undefined) return this.#fail(new Error(`no Content-Length in: ${head}`));
    if (received.length < start + length) return;
    this.#received = received.subarray(start + length);
    this.#answer(status, received.utf8Slice(start, start + length));
  }

  #answer(status, body) {
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    resolve({ status, body });
  }

  #fail(error) {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

function contentLength(head) {
  const match = /\r\ncontent-length: *(\d+)/i.exec(head);
  return match ? Number(match[1]) : undefined;
}
