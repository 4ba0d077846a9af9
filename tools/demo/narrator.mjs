import { STATUS_CODES } from 'node:http';
import { coloursFor } from '../terminal/colours.mjs';

const LONGEST_SHOWN = 32;
const WIDTH = 160;

/** Tells the walk: what is sent, what comes back, and why. */
export class Narrator {
  #stream;
  #paint;

  constructor(stream) {
    this.#stream = stream;
    this.#paint = coloursFor(stream);
  }

  title(number, text) {
    this.#say(`\n${this.#paint('bold', `${String(number).padStart(2)}. ${text}`)}`);
  }

  request({ method, url, headers, body }) {
    this.#say(`    ${this.#paint('cyan', `${method} ${url}`)}`);
    for (const name of ['authorization', 'content-type', 'idempotency-key']) {
      if (headers[name]) this.#dim(`${name}: ${shortenWords(headers[name])}`);
    }
    if (body) this.#dim(typeof body === 'string' ? body : shortenMembers(body));
  }

  answer({ status, challenge, body }) {
    const style = status < 300 ? 'green' : 'yellow';
    this.#say(`    ${this.#paint(style, `→ ${status} ${STATUS_CODES[status] ?? ''}`)}`);
    if (challenge) this.#dim(`www-authenticate: ${challenge}`);
    if (body) this.#dim(shortenMembers(body));
  }

  why(text) {
    this.#say(`    ${text}`);
  }

  end(text) {
    this.#say(`\n${this.#paint(['bold', 'green'], text)}`);
  }

  /** Counts down on a terminal; elsewhere says once how long it takes. */
  async wait(milliseconds, reason) {
    const end = Date.now() + milliseconds;
    const left = () => Math.ceil((end - Date.now()) / 1000);
    if (!this.#stream.isTTY) this.#say(`    Waiting ${left()} s: ${reason} …`);
    while (Date.now() < end) {
      if (this.#stream.isTTY) this.#stream.write(`\r    Waiting ${left()} s: ${reason} … `);
      await new Promise((resolve) => setTimeout(resolve, Math.min(1000, end - Date.now())));
    }
    if (this.#stream.isTTY) this.#stream.write('\r\u001b[K');
  }

  #dim(text) {
    const line = text.length > WIDTH ? `${text.slice(0, WIDTH - 1)}…` : text;
    this.#say(`      ${this.#paint('dim', line)}`);
  }

  #say(text) {
    this.#stream.write(`${text}\n`);
  }
}

function shortenMembers(body) {
  return JSON.stringify(body, (_name, value) =>
    typeof value === 'string' ? shorten(value) : value,
  );
}

function shortenWords(text) {
  return text.split(' ').map(shorten).join(' ');
}

/** Tokens and secrets: enough of them to tell two apart. Addresses and sentences stay whole. */
function shorten(text) {
  const isSecretLike = text.length > LONGEST_SHOWN && !/[\s:@/]/.test(text);
  return isSecretLike ? `${text.slice(0, 8)}…${text.slice(-8)}` : text;
}
