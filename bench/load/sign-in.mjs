/** The requests of a browser and of its client, one after another, and their handling of the answers. */
import { Connection } from './connection.mjs';
import { isGood } from './drive.mjs';
import { always, FORM, get, post } from './requests.mjs';

/** @typedef {import('../types.js').Credentials} Credentials */
/** @typedef {import('../types.js').Server} Server */

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

/**
 * A user signs in with a new browser: authorization request, login page, password, code, tokens. The connections take the
 * accounts in turn, so that no two of them send the same password at the same time.
 *
 * @param {Server} target
 * @param {string[]} _chains
 * @param {number} connection
 */
function signIn(target, _chains, connection) {
  const next = inTurn(target.emails, connection);
  return over(() => new Walk(target, new CookieJar(), next()));
}

/**
 * A client sends a browser that is signed in already, and redeems the code.
 *
 * @param {Server} target
 * @param {string[]} _chains
 * @param {number} connection
 */
function sessionCode(target, _chains, connection) {
  const next = inTurn(target.sessions, connection);
  return over(() => new Walk(target, new CookieJar(next().cookies)));
}

/**
 * Each connection has a share of its own: there are 16 at most.
 *
 * @template T
 * @param {T[]} all
 * @param {number} connection
 */
function inTurn(all, connection) {
  const share = all.filter((_, n) => n % 16 === connection);
  let turn = 0;
  return () => share[turn++ % share.length];
}

/**
 * @param {{ port: number, introspectionPath: string, introspector: Credentials, opaqueToken: string }} options
 */
function introspection({ port, introspectionPath, introspector, opaqueToken }) {
  const basic = Buffer.from(`${introspector.id}:${introspector.secret}`).toString('base64');
  const head = `${FORM}Authorization: Basic ${basic}\r\n`;
  return always(post({ port, path: introspectionPath, head }, `token=${opaqueToken}`));
}

/**
 * One walk after the other, each of which counts as one answer.
 *
 * @param {() => Walk} begin
 * @returns {import('./drive.mjs').Dialogue}
 */
function over(begin) {
  let current = begin();
  return {
    follows: true,
    next: () => current.request,
    accept: (body, head) => {
      const more = current.accept(body, head);
      if (!more) current = begin();
      return more;
    },
  };
}

/**
 * From the authorization request to the tokens. Redirects of the server are followed, a page with a form is filled in, and
 * the redirect to the client has the code.
 */
export class Walk {
  request;
  /**
   * The token response, at the end of the walk.
   *
   * @type {any}
   */
  tokens;
  #target;
  #email;

  /**
   * @param {Server} target
   * @param {CookieJar} jar
   * @param {string} [email] an account, where no session exists
   */
  constructor(target, jar, email) {
    this.#target = target;
    this.#email = email;
    this.jar = jar;
    this.request = this.#at(`${target.authorizePath}?${authorization(target)}`);
  }

  /**
   * @param {string} body
   * @param {string} head
   * @returns whether there is more to come
   */
  accept(body, head) {
    this.jar.take(head);
    const location = /\r\nlocation: *([^\r]+)/i.exec(head)?.[1];
    if (location !== undefined) this.request = this.#follow(location);
    else if (body.startsWith('{')) this.tokens = JSON.parse(body);
    else this.request = this.#fill(body);
    return this.tokens === undefined;
  }

  /** @param {string} path */
  #at(path) {
    return get({ port: this.#target.port, path, head: this.jar.header });
  }

  /** @param {string} location */
  #follow(location) {
    const { pathname, search, searchParams } = new URL(location, 'http://127.0.0.1');
    const code = searchParams.get('code');
    return code === null ? this.#at(pathname + search) : this.#redeem(code);
  }

  /** @param {string} page */
  #fill(page) {
    const [, path = ''] = /<form[^>]* action="([^"]*)"/.exec(page) ?? [];
    const hidden = [...page.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, n, v]) => [n, v]);
    const typed = { login: this.#email ?? '', password: this.#target.password };
    const fields = new URLSearchParams({ ...Object.fromEntries(hidden), ...typed });
    const head = FORM + this.jar.header;
    return post({ port: this.#target.port, path, head }, fields.toString());
  }

  /** @param {string} code */
  #redeem(code) {
    const { port, tokenPath, codeClient } = this.#target;
    const fields = new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: codeClient.id,
      redirect_uri: codeClient.redirectUri,
      code,
      code_verifier: VERIFIER,
    });
    return post({ port, path: tokenPath }, fields.toString());
  }
}

/** @param {Server} target */
const authorization = ({ codeClient, resource }) =>
  new URLSearchParams({
    client_id: codeClient.id,
    redirect_uri: codeClient.redirectUri,
    response_type: 'code',
    scope: 'openid orders:read',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    state: 'bench',
    ...(resource !== undefined && { resource }),
  }).toString();

/**
 * Cookies of one browser at one server. This is our own code and not tough-cookie, because paths and lifetimes do not matter
 * here, and the load generator must cost less than the servers.
 */
export class CookieJar {
  #cookies;

  /** @param {Iterable<[string, string]>} cookies */
  constructor(cookies = []) {
    this.#cookies = new Map(cookies);
  }

  /**
   * What the head of an answer sets and takes away.
   *
   * @param {string} head
   */
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

/** More requests than any server needs for it: then it goes round in a circle. */
const MOST = 20;

/**
 * Signs a user in before the measurement.
 *
 * @param {Server} target
 * @param {string} email
 * @returns {Promise<{ cookies: [string, string][], tokens: any }>}
 */
export async function signInOnce(target, email) {
  const connection = await Connection.open(target.port);
  try {
    const walk = new Walk(target, new CookieJar(), email);
    for (let sent = 0; walk.tokens === undefined; sent += 1) {
      if (sent === MOST) throw new Error(`sign-in: no tokens, but ${walk.request}`);
      const { status, head, body } = await connection.exchange(walk.request);
      if (!isGood(status, true)) throw new Error(`sign-in: ${status} ${body.slice(0, 300)}`);
      walk.accept(body, head);
    }
    return { cookies: walk.jar.cookies, tokens: walk.tokens };
  } finally {
    connection.close();
  }
}

/** The requests that a job of the generator can name. */
export const REQUESTS = { signIn, sessionCode, introspection };
