import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { deflateSync } from 'node:zlib';

const HOUR = 3600;
const AUDIENCE = 'https://api.example';

/** Places of a list of Gatehouse. */
export const LIST_SIZE = 2 ** 20;

/** The last place of each list is that of a session which ended. */
export const ENDED = LIST_SIZE - 1;

/** An authorization server reduced to its keys and status lists (draft-ietf-oauth-status-list). */
export class StatusIssuer {
  #key = signingKey();
  #server = createServer();
  #list = compressedList();

  static async start() {
    const issuer = new StatusIssuer();
    issuer.#server = createServer(({ url }, response) => issuer.#answer(url, response));
    await once(issuer.#server.listen(0, '127.0.0.1'), 'listening');
    return issuer;
  }

  get url() {
    return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (this.#server.address()).port}`;
  }

  /** What a resource server has to be told. */
  get options() {
    return {
      issuer: this.url,
      audience: AUDIENCE,
      algorithms: /** @type {['ES256']} */ (['ES256']),
      jwksUri: `${this.url}/jwks`,
    };
  }

  /**
   * Of any place that has one, the status says something about the session.
   *
   * @param {{ list: number, index: number }} [place] in a status list
   */
  token(place) {
    const now = Math.floor(Date.now() / 1000);
    const reference = place && { idx: place.index, uri: `${this.url}/lists/${place.list}` };
    return this.#signed('at+jwt', {
      iss: this.url,
      sub: randomUUID(),
      aud: AUDIENCE,
      client_id: 'web-shop',
      jti: randomUUID(),
      iat: now,
      exp: now + HOUR,
      scope: 'orders:read orders:write',
      sid: randomUUID(),
      auth_time: now,
      ...(place && { status: { status_list: reference } }),
    });
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** @param {string | undefined} url @param {import('node:http').ServerResponse} response */
  #answer(url, response) {
    if (url === '/jwks') return send(response, 'application/json', this.#jwks());
    return send(response, 'application/statuslist+jwt', this.#listToken(`${this.url}${url}`));
  }

  #jwks() {
    return JSON.stringify({ keys: [this.#key.publicJwk] });
  }

  /** @param {string} sub */
  #listToken(sub) {
    const iat = Math.floor(Date.now() / 1000);
    return this.#signed('statuslist+jwt', {
      iss: this.url,
      sub,
      iat,
      exp: iat + HOUR,
      ttl: 10,
      status_list: { bits: 1, lst: this.#list },
    });
  }

  /** @param {string} typ @param {object} claims */
  #signed(typ, claims) {
    const { kid, privateKey } = this.#key;
    const input = `${encode({ typ, alg: 'ES256', kid })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(input), {
      key: privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${input}.${signature.toString('base64url')}`;
  }
}

function compressedList() {
  const bytes = Buffer.alloc(LIST_SIZE / 8);
  bytes[ENDED >> 3] |= 1 << (ENDED & 7);
  return deflateSync(bytes).toString('base64url');
}

function signingKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const kid = randomUUID();
  const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' };
  return { kid, privateKey, publicJwk };
}

/**
 * @param {import('node:http').ServerResponse} response
 * @param {string} type
 * @param {string} body
 */
function send(response, type, body) {
  response.writeHead(200, { 'content-type': type, 'cache-control': 'max-age=10' }).end(body);
}

/** @param {object} part */
function encode(part) {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
