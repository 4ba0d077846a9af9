/** A browser and its client: what they send, one request after another, and what they make of the answers. */
import { always, FORM, get, post } from '../refresh/load/requests.mjs';
import { CookieJar } from './cookie-jar.mjs';

const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

/**
 * Somebody signs in with a browser that was never here: authorization request, login page, password, code, tokens. The
 * connections take the accounts in turn, so no two of them type the same password at once.
 */
export function signIn(target, _chains, connection) {
  const next = inTurn(target.emails, connection);
  return over(() => new Walk(target, new CookieJar(), next()));
}

/** A client sends a browser that is signed in already, and redeems the code. */
export function sessionCode(target, _chains, connection) {
  const next = inTurn(target.sessions, connection);
  return over(() => new Walk(target, new CookieJar(next().cookies)));
}

/** Each connection has a share of its own: there are 16 at most. */
function inTurn(all, connection) {
  const share = all.filter((_, n) => n % 16 === connection);
  let turn = 0;
  return () => share[turn++ % share.length];
}

export function introspection({ port, introspectionPath, introspector, opaqueToken }) {
  const basic = Buffer.from(`${introspector.id}:${introspector.secret}`).toString('base64');
  const head = `${FORM}Authorization: Basic ${basic}\r\n`;
  return always(post({ port, path: introspectionPath, head }, `token=${opaqueToken}`));
}

/** One walk after the other, each of which counts as one answer. */
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
  /** Where the walk is over. */
  tokens;
  #target;
  #email;

  constructor(target, jar, email) {
    this.#target = target;
    this.#email = email;
    this.jar = jar;
    this.request = this.#at(`${target.authorizePath}?${authorization(target)}`);
  }

  /** @returns whether there is more to come */
  accept(body, head) {
    this.jar.take(head);
    const location = /\r\nlocation: *([^\r]+)/i.exec(head)?.[1];
    if (location !== undefined) this.request = this.#follow(location);
    else if (body.startsWith('{')) this.tokens = JSON.parse(body);
    else this.request = this.#fill(body);
    return this.tokens === undefined;
  }

  #at(path) {
    return get({ port: this.#target.port, path, head: this.jar.header });
  }

  #follow(location) {
    const { pathname, search, searchParams } = new URL(location, 'http://127.0.0.1');
    const code = searchParams.get('code');
    return code === null ? this.#at(pathname + search) : this.#redeem(code);
  }

  #fill(page) {
    const [, path = ''] = /<form[^>]* action="([^"]*)"/.exec(page) ?? [];
    const hidden = [...page.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, n, v]) => [n, v]);
    const typed = { login: this.#email, password: this.#target.password };
    const fields = new URLSearchParams({ ...Object.fromEntries(hidden), ...typed });
    const head = FORM + this.jar.header;
    return post({ port: this.#target.port, path, head }, fields.toString());
  }

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
