/** Cookies of one browser at one server; paths and lifetimes do not matter here. */
export class CookieJar {
  #cookies;

  /** @param {Iterable<[string, string]>} cookies */
  constructor(cookies = []) {
    this.#cookies = new Map(cookies);
  }

  /** What the head of an answer sets and takes away. */
  take(head) {
    for (const [, name, value] of head.matchAll(/\r\nset-cookie: *([^=\r]+)=([^;\r]*)/gi)) {
      if (value === '') this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
  }

  /** A whole header field, or nothing. */
  get header() {
    const pairs = [...this.#cookies].map(([name, value]) => `${name}=${value}`);
    return pairs.length > 0 ? `Cookie: ${pairs.join('; ')}\r\n` : '';
  }

  get cookies() {
    return [...this.#cookies];
  }
}
