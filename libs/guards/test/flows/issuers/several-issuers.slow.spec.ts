import type { INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import request from 'supertest';
import {
  type GuardsOptions,
  type IssuerOptions,
  KeysUnavailable,
  type Rejection,
  TrustedIssuers,
} from '../../../src/index.js';
import {
  compactJws,
  generateSigningKey,
  type SigningKey,
  TestIssuer,
} from '../../../testing/index.js';
import { guardedApp } from '../../support/guarded-app.js';
import { it } from '../../support/slow-test.js';

const AUDIENCE = 'https://api.example';

let staff: TestIssuer;
let shop: TestIssuer;
let app: INestApplication | undefined;
const rejections: Rejection[] = [];

beforeEach(async () => {
  rejections.splice(0);
  [staff, shop] = await Promise.all([TestIssuer.start(), TestIssuer.start()]);
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  await Promise.all([staff.close(), shop.close()]);
});

interface Differences {
  readonly ofStaff?: Partial<IssuerOptions>;
  readonly ofShop?: Partial<IssuerOptions>;
  readonly options?: Partial<Pick<GuardsOptions, 'audience' | 'keySet'>>;
}

async function start({ ofStaff, ofShop, options }: Differences = {}): Promise<INestApplication> {
  app = await guardedApp(() => new ExpressAdapter(), {
    audience: AUDIENCE,
    ...options,
    issuers: [
      { issuer: staff.issuer, jwksUri: staff.jwksUri, algorithms: ['ES256'], ...ofStaff },
      { issuer: shop.issuer, jwksUri: shop.jwksUri, algorithms: ['ES256'], ...ofShop },
    ],
    onRejected: (rejection) => rejections.push(rejection),
  });
  return app;
}

async function send(token: string): Promise<{ status: number; reason: string | undefined }> {
  const server = (app ?? (await start())).getHttpServer();
  const { status } = await request(server).get('/orders').set('Authorization', `Bearer ${token}`);
  return { status, reason: rejections.at(-1)?.reason };
}

const accepted = { status: 200, reason: undefined };
const refused = (reason: string) => ({ status: 401, reason });
const scope = 'orders:read';

describe('keys of several issuers', () => {
  it('accepts a token of each issuer under its own key', async () => {
    expect(await send(staff.accessToken({ scope }))).toEqual(accepted);
    expect(await send(shop.accessToken({ scope }))).toEqual(accepted);
  });

  it.each<[what: string, header: () => { kid: string }]>([
    ['under the identifier of its own key', () => ({ kid: shop.signingKey.kid })],
    ["under the identifier of the other's key", () => ({ kid: staff.signingKey.kid })],
  ])('refuses a token that one issuer signs in the name of another: %s', async (_what, header) => {
    const forged = staff.accessToken({ scope }, { header: header(), signedBy: shop.signingKey });

    // The key of the forger is known, because the guard verified a token of the forger before.
    expect(await send(shop.accessToken({ scope }))).toEqual(accepted);
    expect((await send(forged)).status).toBe(401);
    expect(['unknown_key', 'bad_signature']).toContain(rejections[0]?.reason);
  });

  it('keeps two keys with the same identifier in two key sets apart', async () => {
    const rotateKey = (issuer: TestIssuer) => issuer.rotate(generateSigningKey('ES256', 'main'));
    const [ofStaff, ofShop] = [rotateKey(staff), rotateKey(shop)];

    expect(await send(staff.accessToken({ scope }))).toEqual(accepted);
    expect(await send(shop.accessToken({ scope }))).toEqual(accepted);
    expect(await send(crossed(staff, ofShop))).toEqual(refused('bad_signature'));
    expect(await send(crossed(shop, ofStaff))).toEqual(refused('bad_signature'));
  });

  it('applies the rules of the named issuer to a token under a key of both', async () => {
    const shared = generateSigningKey('ES256', 'shared');
    staff.rotate(shared);
    shop.rotate(shared);
    await start({ ofStaff: { audience: 'staff-api' }, ofShop: { audience: 'shop-api' } });

    expect(await send(shop.accessToken({ scope, aud: 'shop-api' }))).toEqual(accepted);
    const claims = { scope, aud: 'shop-api', iss: staff.issuer };
    expect(await send(shop.accessToken(claims))).toEqual(refused('wrong_audience'));
  });

  function crossed(named: TestIssuer, signedBy: SigningKey): string {
    return named.accessToken({ scope }, { signedBy });
  }
});

describe('comparison of `iss` (RFC 9068 §4, RFC 3986 §6.2.1)', () => {
  it.each<[what: string, variant: (issuer: string) => unknown]>([
    ['a trailing slash', (issuer) => `${issuer}/`],
    ['the scheme in capitals', (issuer) => issuer.replace('http', 'HTTP')],
    ['another name of the host', (issuer) => issuer.replace('127.0.0.1', 'localhost')],
    ['a number with a leading zero', (issuer) => issuer.replace('127.0.0.1', '127.0.0.01')],
    ['a user', (issuer) => issuer.replace('://', '://user@')],
    ['a query', (issuer) => `${issuer}?`],
    ['a fragment', (issuer) => `${issuer}#`],
    ['a fullwidth dot', (issuer) => issuer.replace('.', '．')],
    ['an invisible character', (issuer) => `${issuer}\u200b`],
    ['space around it', (issuer) => ` ${issuer}`],
    ['a list with one issuer', (issuer) => [issuer]],
    ['an object that prints as the issuer', (issuer) => ({ toString: issuer })],
    ['no issuer', () => undefined],
    ['null', () => null],
    ['an inherited name', () => '__proto__'],
  ])('refuses an issuer with a variation: %s', async (_what, variant) => {
    const token = staff.accessToken({ scope, iss: variant(staff.issuer) });

    expect(await send(token)).toEqual(refused('wrong_issuer'));
    expect(rejections).toMatchObject([{ reason: 'wrong_issuer' }]);
    expect(rejections[0]).not.toHaveProperty('issuer');
  });

  it('treats an issuer with and without a slash as two issuers', async () => {
    const slashed = { issuer: `${staff.issuer}/`, jwksUri: shop.jwksUri };
    await start({ ofShop: slashed });

    expect(await send(shop.accessToken({ scope, iss: slashed.issuer }))).toEqual(accepted);
    const crossed = staff.accessToken({ scope, iss: slashed.issuer });
    expect(await send(crossed)).toEqual(refused('unknown_key'));
  });
});

describe('fetches that a token can cause (RFC 8725 §3.8, §3.10)', () => {
  it('fetches nothing for a token of an untrusted issuer', async () => {
    const untrusted = await TestIssuer.start();
    const { issuer, jwksUri } = untrusted;
    const header = { jku: jwksUri, jwk: untrusted.signingKey.publicJwk, x5u: jwksUri };
    await start();

    expect(await send(untrusted.accessToken({ scope }))).toEqual(refused('wrong_issuer'));
    expect(await send(untrusted.accessToken({ scope }, { header }))).toEqual(
      refused('wrong_issuer'),
    );
    const inUntrustedName = staff.accessToken({ scope, iss: issuer });
    expect(await send(inUntrustedName)).toEqual(refused('wrong_issuer'));
    expect([untrusted.fetches, staff.fetches, shop.fetches]).toEqual([0, 0, 0]);
    await untrusted.close();
  });

  it('fetches keys only from the issuer of the token', async () => {
    expect(await send(staff.accessToken({ scope }))).toEqual(accepted);
    expect([staff.fetches, shop.fetches]).toEqual([1, 0]);
  });

  it('fetches keys of one issuer during a flood of unknown keys of another', async () => {
    await start();
    for (let i = 0; i < 20; i++) {
      await send(staff.accessToken({ scope }, { header: { kid: `random-${i}` } }));
    }
    expect(staff.fetches).toBe(1);
    expect(await send(shop.accessToken({ scope }))).toMatchObject({ status: 200 });
    expect(shop.fetches).toBe(1);
  });
});

describe('rules of each issuer', () => {
  it('applies the algorithms of each issuer (RFC 8725 §3.1)', async () => {
    const rsa = shop.rotate(generateSigningKey('RS256'));
    staff.rotate(rsa);
    await start({ ofShop: { algorithms: ['RS256'] } });
    const header = { alg: 'RS256', kid: rsa.kid };

    expect(await send(shop.accessToken({ scope }, { header }))).toEqual(accepted);
    expect(await send(staff.accessToken({ scope }, { header }))).toEqual(
      refused('refused_algorithm'),
    );
  });

  it('applies the audiences of each issuer', async () => {
    await start({ ofShop: { audience: ['orders', 'urn:shop:orders'] } });

    for (const aud of ['orders', 'urn:shop:orders', ['x', 'orders']]) {
      expect(await send(shop.accessToken({ scope, aud }))).toEqual(accepted);
    }
    expect(await send(staff.accessToken({ scope, aud: AUDIENCE }))).toEqual(accepted);
    expect(await send(staff.accessToken({ scope, aud: 'orders' }))).toEqual(
      refused('wrong_audience'),
    );
    expect(await send(shop.accessToken({ scope, aud: AUDIENCE }))).toEqual(
      refused('wrong_audience'),
    );
  });

  it('applies the token types and required claims of each issuer', async () => {
    await start({ ofShop: { tokenTypes: [''], requiredClaims: { token_use: 'access' } } });
    const header = { typ: undefined };
    const claims = { scope, token_use: 'access' };

    expect(await send(shop.accessToken(claims, { header }))).toEqual(accepted);
    expect(await send(staff.accessToken(claims, { header }))).toEqual(refused('wrong_type'));
    expect(await send(shop.accessToken(claims))).toEqual(refused('wrong_type'));
    expect(await send(shop.accessToken({ scope }, { header }))).toEqual(refused('wrong_type'));
  });

  it('reads scopes only from the claims that the issuer uses', async () => {
    await start({ ofShop: { claims: { scopes: ['scp'], clientId: ['cid'], tokenId: [] } } });
    const claims = { scp: [scope], cid: 'web', client_id: undefined, jti: undefined };

    expect(await send(shop.accessToken(claims))).toEqual(accepted);
    expect(await send(staff.accessToken(claims))).toEqual(refused('malformed_claims'));
    expect((await send(staff.accessToken({ scp: [scope] }))).status).toBe(403);
    expect((await send(shop.accessToken({ ...claims, scp: undefined, scope }))).status).toBe(403);
  });
});

describe('outage of one issuer', () => {
  it('answers 503 only for tokens of the issuer with the outage', async () => {
    staff.fail();
    await start({ options: { keySet: { timeoutMs: 500 } } });

    expect(await send(staff.accessToken({ scope }))).toMatchObject({
      status: 503,
      reason: 'keys_unavailable',
    });
    expect((await send(shop.accessToken({ scope }))).status).toBe(200);
    expect((await send(shop.accessToken({ scope, aud: 'x' }))).status).toBe(401);
  });

  it('answers without delay for another issuer while one stalls', async () => {
    staff.stall();
    await start({ options: { keySet: { timeoutMs: 2000 } } });
    const order: string[] = [];

    await Promise.all([
      send(staff.accessToken({ scope })).then(({ status }) => order.push(`staff ${status}`)),
      send(shop.accessToken({ scope })).then(({ status }) => order.push(`shop ${status}`)),
    ]);
    expect(order).toEqual(['shop 200', 'staff 503']);
  });

  it('resolves ready() while one issuer is available, and rejects when none is', async () => {
    staff.fail(500);
    const issuers = (await start()).get(TrustedIssuers);
    await expect(issuers.ready()).resolves.toBeUndefined();
    await app?.close();

    shop.fail(500);
    const none = (await start()).get(TrustedIssuers);
    await expect(none.ready()).rejects.toThrow(KeysUnavailable);
  });

  it('resolves ready() without delay while one issuer stalls and another is available', async () => {
    staff.stall();
    const issuers = (await start({ options: { keySet: { timeoutMs: 2000 } } })).get(TrustedIssuers);
    const first = await Promise.race([
      issuers.ready().then(() => 'ready'),
      send(staff.accessToken({ scope })).then(() => 'answer for the stalled issuer'),
    ]);
    expect(first).toBe('ready');
  });
});

it('lists every issuer in the protected resource metadata (RFC 9728 §2)', async () => {
  const server = (await start()).getHttpServer();
  const { body } = await request(server).get('/.well-known/oauth-protected-resource');

  expect(body.authorization_servers).toEqual([staff.issuer, shop.issuer]);
});

it('refuses a token without iss', async () => {
  await start();
  const { kid, algorithm } = staff.signingKey;
  const token = compactJws({ typ: 'at+jwt', alg: algorithm, kid }, {}, staff.signingKey);
  expect(await send(token)).toEqual(refused('wrong_issuer'));
});
