import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';

/** @typedef {{ status: number, body: any }} Answer `status` is 0 when there was no answer */
/** @typedef {{ method?: string, token?: string, json?: object, headers?: Record<string, string> }} Call */

const TIMEOUT_MS = 15_000;

/** Sends requests to names that only the proxy has, and trusts only the CA of the proxy. */
export class TlsClient {
  /** @param {{ address: string, ca: string }} proxy */
  constructor({ address, ca }) {
    const { hostname, port } = new URL(`https://${address}`);
    this.host = hostname;
    this.port = port;
    this.agent = new Agent({ ca, keepAlive: true });
  }

  /**
   * @param {string} url
   * @param {Call} [call]
   * @returns {Promise<Answer>}
   */
  async send(url, { method = 'GET', token, json, headers = {} } = {}) {
    const { hostname, pathname, search } = new URL(url);
    const sent = request({
      host: this.host,
      port: this.port,
      servername: hostname,
      agent: this.agent,
      method,
      path: pathname + search,
      headers: {
        host: hostname,
        ...(token && { authorization: `Bearer ${token}` }),
        ...(json && { 'content-type': 'application/json' }),
        ...headers,
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    /** @type {Promise<Answer>} */
    const answer = new Promise((resolve) => {
      sent.once('error', () => resolve({ status: 0, body: undefined }));
      sent.once('response', (response) => {
        const status = response.statusCode ?? 0;
        text(response).then(
          (body) => resolve({ status, body: parseJson(body) }),
          () => resolve({ status: 0, body: undefined }),
        );
      });
    });
    sent.end(json && JSON.stringify(json));
    return answer;
  }

  close() {
    this.agent.destroy();
  }
}

/** @param {string} body */
function parseJson(body) {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
