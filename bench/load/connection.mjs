import { once } from 'node:events';
import { connect } from 'node:net';

/** @typedef {{ status: number, head: string, body: string }} Answer */

const END_OF_HEAD = '\r\n\r\n';

/** They have no body, also when they have a Content-Length (RFC 9112 §6.3). */
const BODILESS = new Set([204, 304]);

/** What ends a body in chunks that has no trailers (RFC 9112 §7.1). */
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/**
 * One keep-alive HTTP/1.1 connection, one request at a time. Parsing only what the benchmark needs keeps the client
 * cheaper than the servers it measures: it takes bodies with a Content-Length or in chunks, which all of them send.
 */
export class Connection {
  #socket;
  #received = Buffer.alloc(0);
  /** @type {{ resolve: (answer: Answer) => void, reject: (error: Error) => void } | undefined} */
  #waiting;

  /** @param {number} port */
  static async open(port) {
    const socket = connect(port, '127.0.0.1').setNoDelay(true);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** @param {any} socket */
  constructor(socket) {
    this.#socket = socket;
    socket.on('data', (/** @type {Buffer} */ chunk) => this.#receive(chunk));
    socket.on('error', (/** @type {Error} */ error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  /**
   * Sends a whole request; resolves with the answer's status, head and body.
   *
   * @param {any} request
   * @returns {Promise<Answer>}
   */
  exchange(request) {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request, 'latin1');
    });
  }

  close() {
    this.#socket.destroy();
  }

  /** @param {any} chunk */
  #receive(chunk) {
    const received = this.#received.length ? Buffer.concat([this.#received, chunk]) : chunk;
    this.#received = received;
    const end = received.indexOf(END_OF_HEAD);
    if (end === -1) return;
    const head = received.toString('latin1', 0, end);
    const start = end + END_OF_HEAD.length;
    const status = Number(head.slice(9, 12));
    const length = BODILESS.has(status) ? 0 : contentLength(head);
    if (length === undefined) return this.#receiveChunks({ status, head, start });
    if (received.length < start + length) return;
    this.#received = received.subarray(start + length);
    this.#answer({ status, head, body: received.toString('utf8', start, start + length) });
  }

  /**
   * Only one answer is ever on its way, so the last chunk is the end of what was received.
   *
   * @param {{ status: number, head: string, start: number }} options
   */
  #receiveChunks({ status, head, start }) {
    if (!CHUNKED.test(head)) return this.#fail(new Error(`a body without an end: ${head}`));
    const received = this.#received;
    if (received.length - start < LAST_CHUNK.length) return;
    if (!received.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)) return;
    this.#received = Buffer.alloc(0);
    this.#answer({ status, head, body: withoutChunks(received.subarray(start)) });
  }

  /** @param {Answer} answer */
  #answer(answer) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(answer);
  }

  /** @param {Error} error */
  #fail(error) {
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}

/** @param {string} head */
function contentLength(head) {
  const match = /\r\ncontent-length: *(\d+)/i.exec(head);
  return match ? Number(match[1]) : undefined;
}

const CHUNKED = /\r\ntransfer-encoding: *chunked/i;

/** @param {Buffer} body */
function withoutChunks(body) {
  const parts = [];
  for (let at = 0; at < body.length;) {
    const start = body.indexOf('\r\n', at) + 2;
    const length = Number.parseInt(body.toString('latin1', at, start), 16);
    parts.push(body.subarray(start, start + length));
    at = start + length + 2;
  }
  return Buffer.concat(parts).toString();
}
