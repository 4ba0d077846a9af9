/**
 * The control server of the demo: apps/web asks it to stop auth for some seconds and to rotate the signing keys, because a
 * web application must have neither right itself (docs/decisions/0049-control-server-of-the-demo.md). It listens on the
 * loopback interface, on a port and with a secret that are new at each start.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

/** @typedef {(signal: AbortSignal) => Promise<object>} Action returns the body of the answer */

/** An action that cannot be done now. Its members become those of a 409. */
export class ActionRefused extends Error {
  /** @param {string} message @param {object} [members] */
  constructor(message, members = {}) {
    super(message);
    this.members = members;
  }
}

export class ControlServer {
  /** @type {Set<string>} paths of running actions */
  #running = new Set();
  #secret = randomBytes(32).toString('base64url');
  #server = createServer((request, response) => void this.#answer(request, response));
  #stopping = new AbortController();

  /** @param {Readonly<Record<string, Action>>} actions by path */
  constructor(actions) {
    this.actions = actions;
  }

  /**
   * @param {Readonly<Record<string, Action>>} actions by path
   * @returns {Promise<ControlServer>} on a free port
   */
  static async start(actions) {
    const control = new ControlServer(actions);
    control.#server.listen(0, '127.0.0.1');
    await once(control.#server, 'listening');
    return control;
  }

  /** The settings of apps/web. No other app gets them. */
  get settings() {
    return { DEMO_CONTROL_URL: `http://${this.#host}`, DEMO_CONTROL_SECRET: this.#secret };
  }

  close() {
    this.#stopping.abort();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  get #host() {
    const address = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    return `127.0.0.1:${address.port}`;
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  async #answer(request, response) {
    const { status, body } = await this.#answerTo(request);
    response
      .writeHead(status, {
        'content-type': 'application/json',
        'cache-control': 'no-store',
        connection: 'close',
      })
      .end(JSON.stringify(body));
  }

  /** @param {import('node:http').IncomingMessage} request */
  async #answerTo(request) {
    const { headers, method, url: path = '' } = request;
    const refusal = this.#refusalOf({ headers, method, url: path });
    if (refusal) return { status: refusal[0], body: { detail: refusal[1] } };
    this.#running.add(path);
    try {
      return { status: 200, body: await this.actions[path](this.#stopping.signal) };
    } catch (error) {
      const { message } = /** @type {Error} */ (error);
      if (!(error instanceof ActionRefused)) return { status: 500, body: { detail: message } };
      return { status: 409, body: { detail: message, ...error.members } };
    } finally {
      this.#running.delete(path);
    }
  }

  /**
   * A page of another site can send requests to the loopback interface. It lacks the secret, its requests have an Origin, and
   * after DNS rebinding they have its own name as Host.
   *
   * @param {{ headers: import('node:http').IncomingHttpHeaders, method?: string, url: string }} request
   * @returns {[status: number, detail: string] | undefined}
   */
  #refusalOf({ headers, method, url }) {
    if (headers.host !== this.#host) return [403, `Call this server as ${this.#host}.`];
    if (headers.origin !== undefined) return [403, 'No page may call this server.'];
    if (!isSame(headers.authorization ?? '', `Bearer ${this.#secret}`)) {
      return [401, 'The secret is wrong.'];
    }
    if (!Object.hasOwn(this.actions, url)) return [404, 'There is no such action.'];
    if (method !== 'POST') return [405, 'Send a POST request.'];
    return this.#running.has(url) ? [409, 'This action is running.'] : undefined;
  }
}

/** Compares in constant time. @param {string} given @param {string} expected */
function isSame(given, expected) {
  const [one, other] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(one, other);
}
