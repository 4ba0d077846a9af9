import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

const KEY_PAIRS = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
};

/** Longer than any run. */
const LIFETIME_SECONDS = 3600;

/** An authorization server reduced to its keys: it publishes them over HTTP and signs access tokens with them. */
export class Issuer {
  /** @type {ReturnType<typeof signingKey>[]} */
  #keys = [];
  #server = createServer();
  #turn = 0;
  audience = 'https://api.example';
  issuer = '';
  /** @type {'RS256' | 'ES256'} */
  algorithm = 'ES256';

  /** @param {{ algorithm: 'RS256' | 'ES256', keys?: number, name?: string }} options tokens take the keys in turn */
  static async start({ algorithm, keys = 1, name = 'auth' }) {
    const issuer = new Issuer();
    issuer.algorithm = algorithm;
    issuer.issuer = `https://${name}.example`;
    issuer.#keys = Array.from({ length: keys }, () => signingKey(algorithm));
    await issuer.#publish();
    return issuer;
  }

  get jwks() {
    return { keys: this.#keys.map(({ publicJwk }) => publicJwk) };
  }

  get jwksUri() {
    return `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (this.#server.address()).port}/jwks.json`;
  }

  /** What a resource server has to be told. Plain data. */
  get settings() {
    const { issuer, audience, algorithm, jwksUri } = this;
    return { issuer, audience, algorithm, jwksUri };
  }

  /** The public key, where there is one. */
  get publicKey() {
    return this.#keys[0].publicKey;
  }

  /** An access token as an ordinary issuer mints it (RFC 9068 §2.2): fourteen claims. */
  token(claims = {}) {
    const { kid, privateKey } = this.#keys[this.#turn++ % this.#keys.length];
    const header = encode({ typ: 'at+jwt', alg: this.algorithm, kid });
    const signingInput = `${header}.${encode({ ...this.#claims(), ...claims })}`;
    const key = { key: privateKey, dsaEncoding: /** @type {const} */ ('ieee-p1363') };
    return `${signingInput}.${sign('sha256', Buffer.from(signingInput), key).toString('base64url')}`;
  }

  /** @param {number} count */
  tokens(count) {
    return Array.from({ length: count }, () => this.token());
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #claims() {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.issuer,
      sub: randomUUID(),
      aud: this.audience,
      client_id: 'web-shop',
      jti: randomUUID(),
      iat: now,
      exp: now + LIFETIME_SECONDS,
      scope: 'orders:read orders:write invoices:read',
      sid: randomUUID(),
      auth_time: now,
      acr: 'urn:mace:incommon:iap:silver',
      amr: ['pwd', 'otp'],
      roles: ['buyer', 'approver'],
      tenant: 'acme',
    };
  }

  async #publish() {
    const body = JSON.stringify(this.jwks);
    this.#server = createServer((_request, response) => {
      const headers = { 'content-type': 'application/json', 'cache-control': 'max-age=600' };
      response.writeHead(200, headers).end(body);
    }).listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }
}

/** @param {'RS256' | 'ES256'} algorithm */
function signingKey(algorithm) {
  const { publicKey, privateKey } = KEY_PAIRS[algorithm]();
  const kid = randomUUID();
  const publicJwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm, use: 'sig' };
  return { kid, privateKey, publicKey, publicJwk };
}

/** @param {object} part */
function encode(part) {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
