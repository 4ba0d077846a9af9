import { STATUS_CODES } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { coloursFor } from '../terminal/output.mjs';

const MAX_SHOWN_LENGTH = 32;
const MAX_LINE_LENGTH = 160;

/** Prints each step: the requests, the answers and the reason. */
export class Narrator {
  #stream;
  #paint;

  /** @param {NodeJS.WriteStream} stream */
  constructor(stream) {
    this.#stream = stream;
    this.#paint = coloursFor(stream);
  }

  /** @param {number} number @param {string} text */
  title(number, text) {
    this.#print(`\n${this.#paint('bold', `${String(number).padStart(2)}. ${text}`)}`);
  }

  /** @param {{ method: string, url: string, headers: Record<string, string>, body?: string | object }} request */
  request({ method, url, headers, body }) {
    this.#print(`    ${this.#paint('cyan', `${method} ${url}`)}`);
    for (const name of ['authorization', 'content-type', 'idempotency-key']) {
      if (headers[name]) this.#dim(`${name}: ${shortenWords(headers[name])}`);
    }
    if (body) this.#dim(typeof body === 'string' ? body : shortenMembers(body));
  }

  /** @param {import('./walk.mjs').Answer} answer */
  answer({ status, challenge, body }) {
    const style = status < 300 ? 'green' : 'yellow';
    this.#print(`    ${this.#paint(style, `→ ${status} ${STATUS_CODES[status] ?? ''}`)}`);
    if (challenge) this.#dim(`www-authenticate: ${challenge}`);
    if (body) this.#dim(shortenMembers(body));
  }

  /** @param {string} text */
  why(text) {
    this.#print(`    ${text}`);
  }

  /** @param {string} text */
  end(text) {
    this.#print(`\n${this.#paint(['bold', 'green'], text)}`);
  }

  /**
   * Counts down on a terminal. Otherwise prints the duration once.
   *
   * @param {number} milliseconds
   * @param {string} reason
   */
  async wait(milliseconds, reason) {
    const end = Date.now() + milliseconds;
    const left = () => Math.ceil((end - Date.now()) / 1000);
    if (!this.#stream.isTTY) this.#print(`    Waiting ${left()} s: ${reason} …`);
    while (Date.now() < end) {
      if (this.#stream.isTTY) this.#stream.write(`\r    Waiting ${left()} s: ${reason} … `);
      await sleep(Math.min(1000, end - Date.now()));
    }
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K');
  }

  /** @param {string} text */
  #dim(text) {
    const isLong = text.length > MAX_LINE_LENGTH;
    const line = isLong ? `${text.slice(0, MAX_LINE_LENGTH - 1)}…` : text;
    this.#print(`      ${this.#paint('dim', line)}`);
  }

  /** @param {string} text */
  #print(text) {
    this.#stream.write(`${text}\n`);
  }
}

/** @param {object} body */
function shortenMembers(body) {
  return JSON.stringify(body, (_name, value) =>
    typeof value === 'string' ? shorten(value) : value,
  );
}

/** @param {string} text */
function shortenWords(text) {
  return text.split(' ').map(shorten).join(' ');
}

/**
 * Shortens tokens and secrets, so that two can still be distinguished. Addresses and sentences stay whole.
 *
 * @param {string} text
 */
function shorten(text) {
  const isSecretLike = text.length > MAX_SHOWN_LENGTH && !/[\s:@/]/.test(text);
  return isSecretLike ? `${text.slice(0, 8)}…${text.slice(-8)}` : text;
}
