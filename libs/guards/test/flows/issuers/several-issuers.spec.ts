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

async function show(token: string): Promise<{ status: number; reason: string | undefined }> {
  const server = (app ?? (await start())).getHttpServer();
  const { status } = await request(server).get('/orders').set('Authorization', `Bearer ${token}`);
  return { status, reason: rejections.at(-1)?.reason };
}

const accepted = { status: 200, reason: undefined };
const refused = (reason: string) => ({ status: 401, reason });
const scope = 'orders:read';

describe('a token is judged by the keys of the issuer that it names, and no others', () => {
  it('each issuer signs its own', async () => {
    expect(await show(staff.accessToken({ scope }))).toEqual(accepted);
    expect(await show(shop.accessToken({ scope }))).toEqual(accepted);
  });

  it.each<[what: string, header: () => { kid: string }]>([
    ['under the identifier of its own key', () => ({ kid: shop.signingKey.kid })],
    ["under the identifier of the other's key", () => ({ kid: staff.signingKey.kid })],
  ])('one that signs in the name of another is refused: %s', async (_what, header) => {
    const forged = staff.accessToken({ scope }, { header: header(), signedBy: shop.signingKey });

    // Once its own key is known, nothing of the other is any better.
    expect(await show(shop.accessToken({ scope }))).toEqual(accepted);
    expect((await show(forged)).status).toBe(401);
    expect(['unknown_key', 'bad_signature']).toContain(rejections[0]?.reason);
  });

  it('the same identifier in both sets names two keys', async () => {
    const keyOf = (issuer: TestIssuer) => issuer.rotate(generateSigningKey('ES256', 'main'));
    const [ofStaff, ofShop] = [keyOf(staff), keyOf(shop)];

    expect(await show(staff.accessToken({ scope }))).toEqual(accepted);
    expect(await show(shop.accessToken({ scope }))).toEqual(accepted);
    expect(await show(crossed(staff, ofShop))).toEqual(refused('bad_signature'));
    expect(await show(crossed(shop, ofStaff))).toEqual(refused('bad_signature'));
  });

  it('a token that both have signed is still the token of the one that it names', async () => {
    const shared = generateSigningKey('ES256', 'shared');
    staff.rotate(shared);
    shop.rotate(shared);
    await start({ ofStaff: { audience: 'staff-api' }, ofShop: { audience: 'shop-api' } });

    expect(await show(shop.accessToken({ scope, aud: 'shop-api' }))).toEqual(accepted);
    const claims = { scope, aud: 'shop-api', iss: staff.issuer };
    expect(await show(shop.accessToken(claims))).toEqual(refused('wrong_audience'));
  });

  function crossed(named: TestIssuer, signedBy: SigningKey): string {
    return named.accessToken({ scope }, { signedBy });
  }
});

describe('`iss` is compared character by character (RFC 9068 §4, RFC 3986 §6.2.1)', () => {
  it.each<[what: string, variant: (issuer: string) => unknown]>([
    ['a trailing slash', (issuer) => `${issuer}/`],
    ['the scheme in capitals', (issuer) => issuer.replace('http', 'HTTP')],
    ['another name of the host', (issuer) => issuer.replace('127.0.0.1', 'localhost')],
    ['a number with a leading zero', (issuer) => issuer.replace('127.0.0.1', '127.0.0.01')],
    ['a user', (issuer) => issuer.replace('://', '://user@')],
    ['a query', (issuer) => `${issuer}?`],
    ['a fragment', (issuer) => `${issuer}#`],
    ['a dot that is fullwidth', (issuer) => issuer.replace('.', '．')],
    ['a character that is not seen', (issuer) => `${issuer}\u200b`],
    ['space around it', (issuer) => ` ${issuer}`],
    ['a list with one issuer', (issuer) => [issuer]],
    ['an object that prints as the issuer', (issuer) => ({ toString: issuer })],
    ['no issuer', () => undefined],
    ['null', () => null],
    ['an inherited name', () => '__proto__'],
  ])('%s is another issuer', async (_what, variant) => {
    const token = staff.accessToken({ scope, iss: variant(staff.issuer) });

    expect(await show(token)).toEqual(refused('wrong_issuer'));
    expect(rejections).toEqual([{ reason: 'wrong_issuer' }]);
  });

  it('with and without a slash are two issuers, which may both be trusted', async () => {
    const slashed = { issuer: `${staff.issuer}/`, jwksUri: shop.jwksUri };
    await start({ ofShop: slashed });

    expect(await show(shop.accessToken({ scope, iss: slashed.issuer }))).toEqual(accepted);
    const crossed = staff.accessToken({ scope, iss: slashed.issuer });
    expect(await show(crossed)).toEqual(refused('unknown_key'));
  });
});

describe('what a token says causes no fetch (RFC 8725 §3.8, §3.10)', () => {
  it('an issuer that is not trusted is never asked, and nobody else is for its tokens', async () => {
    const stranger = await TestIssuer.start();
    const { issuer, jwksUri } = stranger;
    const header = { jku: jwksUri, jwk: stranger.signingKey.publicJwk, x5u: jwksUri };
    await start();

    expect(await show(stranger.accessToken({ scope }))).toEqual(refused('wrong_issuer'));
    expect(await show(stranger.accessToken({ scope }, { header }))).toEqual(
      refused('wrong_issuer'),
    );
    const inItsName = staff.accessToken({ scope, iss: issuer });
    expect(await show(inItsName)).toEqual(refused('wrong_issuer'));
    expect([stranger.fetches, staff.fetches, shop.fetches]).toEqual([0, 0, 0]);
    await stranger.close();
  });

  it('a token of one issuer fetches nothing of another', async () => {
    expect(await show(staff.accessToken({ scope }))).toEqual(accepted);
    expect([staff.fetches, shop.fetches]).toEqual([1, 0]);
  });

  it('a flood of identifiers at one issuer spends no fetch of another', async () => {
    await start();
    for (let i = 0; i < 20; i++) {
      await show(staff.accessToken({ scope }, { header: { kid: `random-${i}` } }));
    }
    expect(staff.fetches).toBe(1);
    expect(await show(shop.accessToken({ scope }))).toMatchObject({ status: 200 });
    expect(shop.fetches).toBe(1);
  });
});

describe('the rules of one issuer are not those of another', () => {
  it('algorithms: each has its own list (RFC 8725 §3.1)', async () => {
    const rsa = shop.rotate(generateSigningKey('RS256'));
    staff.rotate(rsa);
    await start({ ofShop: { algorithms: ['RS256'] } });
    const header = { alg: 'RS256', kid: rsa.kid };

    expect(await show(shop.accessToken({ scope }, { header }))).toEqual(accepted);
    expect(await show(staff.accessToken({ scope }, { header }))).toEqual(
      refused('refused_algorithm'),
    );
  });

  it('audiences: each has its own names for this resource server', async () => {
    await start({ ofShop: { audience: ['orders', 'urn:shop:orders'] } });

    for (const aud of ['orders', 'urn:shop:orders', ['x', 'orders']]) {
      expect(await show(shop.accessToken({ scope, aud }))).toEqual(accepted);
    }
    expect(await show(staff.accessToken({ scope, aud: AUDIENCE }))).toEqual(accepted);
    expect(await show(staff.accessToken({ scope, aud: 'orders' }))).toEqual(
      refused('wrong_audience'),
    );
    expect(await show(shop.accessToken({ scope, aud: AUDIENCE }))).toEqual(
      refused('wrong_audience'),
    );
  });

  it('types: what one may leave out, the other may not', async () => {
    await start({ ofShop: { tokenTypes: [''], requiredClaims: { token_use: 'access' } } });
    const header = { typ: undefined };
    const claims = { scope, token_use: 'access' };

    expect(await show(shop.accessToken(claims, { header }))).toEqual(accepted);
    expect(await show(staff.accessToken(claims, { header }))).toEqual(refused('wrong_type'));
    expect(await show(shop.accessToken(claims))).toEqual(refused('wrong_type'));
    expect(await show(shop.accessToken({ scope }, { header }))).toEqual(refused('wrong_type'));
  });

  it('claims: scopes are read where the issuer writes them, and nowhere else', async () => {
    await start({ ofShop: { claims: { scopes: ['scp'], clientId: ['cid'], tokenId: [] } } });
    const claims = { scp: [scope], cid: 'web', client_id: undefined, jti: undefined };

    expect(await show(shop.accessToken(claims))).toEqual(accepted);
    expect(await show(staff.accessToken(claims))).toEqual(refused('malformed_claims'));
    expect((await show(staff.accessToken({ scp: [scope] }))).status).toBe(403);
    expect((await show(shop.accessToken({ ...claims, scp: undefined, scope }))).status).toBe(403);
  });
});

describe('an issuer that is down takes nobody with it', () => {
  it('503 for its tokens, and the others are judged as ever', async () => {
    staff.fail();
    await start({ options: { keySet: { timeoutMs: 500 } } });

    expect(await show(staff.accessToken({ scope }))).toMatchObject({
      status: 503,
      reason: 'keys_unavailable',
    });
    expect((await show(shop.accessToken({ scope }))).status).toBe(200);
    expect((await show(shop.accessToken({ scope, aud: 'x' }))).status).toBe(401);
  });

  it('nor does one that never finishes its answer', async () => {
    staff.stall();
    await start({ options: { keySet: { timeoutMs: 2000 } } });
    const order: string[] = [];

    await Promise.all([
      show(staff.accessToken({ scope })).then(({ status }) => order.push(`staff ${status}`)),
      show(shop.accessToken({ scope })).then(({ status }) => order.push(`shop ${status}`)),
    ]);
    expect(order).toEqual(['shop 200', 'staff 503']);
  });

  it('ready() resolves while one of them can be reached, and says why when none can', async () => {
    staff.fail(500);
    const issuers = (await start()).get(TrustedIssuers);
    await expect(issuers.ready()).resolves.toBeUndefined();
    await app?.close();

    shop.fail(500);
    const none = (await start()).get(TrustedIssuers);
    await expect(none.ready()).rejects.toThrow(KeysUnavailable);
  });

  it('ready() waits for no issuer that hangs while another is there', async () => {
    staff.stall();
    const issuers = (await start({ options: { keySet: { timeoutMs: 5000 } } })).get(TrustedIssuers);
    const first = await Promise.race([
      issuers.ready().then(() => 'ready'),
      show(staff.accessToken({ scope })).then(() => 'the one that hangs'),
    ]);
    expect(first).toBe('ready');
  });
});

it('the protected resource metadata lists every issuer (RFC 9728 §2)', async () => {
  const server = (await start()).getHttpServer();
  const { body } = await request(server).get('/.well-known/oauth-protected-resource');

  expect(body.authorization_servers).toEqual([staff.issuer, shop.issuer]);
});

it('a token of no issuer in particular is not that of the only one', async () => {
  await start();
  const { kid, algorithm } = staff.signingKey;
  const token = compactJws({ typ: 'at+jwt', alg: algorithm, kid }, {}, staff.signingKey);
  expect(await show(token)).toEqual(refused('wrong_issuer'));
});
