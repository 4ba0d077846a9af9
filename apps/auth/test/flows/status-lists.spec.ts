import { inflateSync } from 'node:zlib';
import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { ClientOperationsService } from '../../src/sessions/client-operations.service.js';
import { KeyRotationService } from '../../src/tokens/keys/key-rotation.service.js';
import { SigningKeyService } from '../../src/tokens/keys/signing-key.service.js';
import { MAX_TOKEN_LIFETIME_SECONDS } from '../../src/tokens/keys/key-rotation-plan.js';
import {
  decodeClaims,
  decodeHeader,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';

const ISSUER = 'http://localhost:3000';
/** Texts that are not list ids, and ids of lists that do not exist. */
const HOSTILE = [
  ...['0', '3', '01', '1.0', '1e0', '-1', '+1', '%201', '1%20', '%31x', '%00', '%', 'NaN', '٣'],
  ...['4294967297', '9'.repeat(90), '9'.repeat(400), "1'--", '1;2', '..%2f1', '__proto__'],
];
const FIRST = '/oauth/status-lists/1';
const SECRET = 'a-server-secret-for-tests-of-40-bytes---';

interface Reference {
  readonly idx: number;
  readonly uri: string;
}
/** The status reference of an access token (draft-ietf-oauth-status-list §6.2). */
function referenceIn(accessToken: string | undefined): Reference | undefined {
  const status = decodeClaims(accessToken)['status'];
  return (status as { status_list: Reference } | undefined)?.status_list;
}

/** Reads a slot as the draft requires of verifiers (§8.3), without code of the server. */
function statusIn(lst: string, slot: number): number {
  const byte = inflateSync(Buffer.from(lst, 'base64url'))[slot >> 3];
  if (byte === undefined) throw new Error('out of bounds');
  return (byte >> (slot & 7)) & 1;
}

it('reads the example list of the draft with the reader of this test (§4.1, §4.2)', () => {
  const bits = Array.from({ length: 16 }, (_, slot) => statusIn('eNrbuRgAAhcBXQ', slot));
  expect(bits).toEqual([1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]);
});

/** Fetches and verifies a list as a resource server does. */
async function fetchList(auth: TestAuth, path = FIRST) {
  const { body: keys } = await auth.send('/.well-known/jwks.json', {});
  const { status, text } = await auth.send(path, {});
  expect(status).toBe(200);
  const verified = await jwtVerify(text, createLocalJWKSet(keys as never), {
    typ: 'statuslist+jwt',
    issuer: ISSUER,
    subject: `${ISSUER}${path}`,
    currentDate: new Date(auth.clock.now()),
  });
  const list = verified.payload['status_list'] as { bits: number; lst: string };
  return { ...verified, list, statusOf: (slot: number) => statusIn(list.lst, slot) };
}

async function statusOf(auth: TestAuth, accessToken: string | undefined): Promise<number> {
  const reference = referenceIn(accessToken);
  const { statusOf } = await fetchList(auth, reference?.uri.replace(ISSUER, ''));
  return statusOf(reference?.idx ?? -1);
}

const tagOf = ({ headers }: TestResponse): string => headers.get('etag') ?? '';
const unless = (etag: string) => ({ headers: { 'if-none-match': etag } });

eachDatabase('status lists (draft-ietf-oauth-status-list)', (fresh) => {
  let auth: TestAuth;
  let settings: Record<string, string>;
  beforeAll(async () => {
    settings = {
      ...toDatabaseSettings(await fresh()),
      SERVER_SECRET: SECRET,
    };
    auth = await TestAuth.start(settings);
  });
  afterAll(() => auth.stop());
  /** The published status may be one second old. */
  beforeEach(() => auth.clock.advance({ seconds: 1 }));

  it('gives an access token and its successors the same status reference (§6.2)', async () => {
    const { access_token, refresh_token } = await auth.createLogin();
    const reference = referenceIn(access_token);
    expect(reference).toEqual({ idx: expect.any(Number), uri: `${ISSUER}${FIRST}` });
    const { body } = await auth.refresh(refresh_token);
    expect(referenceIn(body['access_token'])).toEqual(reference);
    const other = await auth.createLogin();
    expect(referenceIn(other.access_token)?.idx).not.toBe(reference?.idx);
  });

  it('marks exactly the ended sessions as invalid within a second (§7.1)', async () => {
    const staying = await auth.createLogin();
    const leaving = await auth.createLogin();
    const replayed = await auth.createLogin();
    for (const login of [staying, leaving, replayed]) {
      expect(await statusOf(auth, login.access_token)).toBe(0);
    }
    await auth.json('/auth/logout', { refresh_token: leaving.refresh_token });
    await auth.refresh(replayed.refresh_token);
    auth.clock.advance({ seconds: 20 });
    expect((await auth.refresh(replayed.refresh_token)).status).toBe(400);

    auth.clock.advance({ seconds: 1 });
    expect(await statusOf(auth, staying.access_token)).toBe(0);
    expect(await statusOf(auth, leaving.access_token)).toBe(1);
    expect(await statusOf(auth, replayed.access_token)).toBe(1);
    const { list } = await fetchList(auth);
    const bytes = inflateSync(Buffer.from(list.lst, 'base64url'));
    expect(bytes).toHaveLength(2 ** 20 / 8);
    const ones = [...bytes].map((byte) => byte.toString(2).replaceAll('0', '')).join('');
    expect(ones).toBe('11');
  });

  it('clears the bit of a session when its last access token has expired, and not before', async () => {
    const { access_token, refresh_token } = await auth.createLogin();
    await auth.json('/auth/logout', { refresh_token });
    auth.clock.advance({ seconds: MAX_TOKEN_LIFETIME_SECONDS + 60 });
    expect(await statusOf(auth, access_token)).toBe(1);
    auth.clock.advance({ seconds: 200 });
    expect(await statusOf(auth, access_token)).toBe(0);
  });

  it('marks the access tokens of a disabled client as invalid', async () => {
    await auth.registerClient({ id: 'a-service', secret: 'secret' });
    const { body } = await auth.token({ grant_type: 'client_credentials' }, 'a-service:secret');
    expect(await statusOf(auth, body['access_token'])).toBe(0);
    await auth.app.get(ClientOperationsService).disable('a-service', 'operator');
    auth.clock.advance({ seconds: 1 });
    expect(await statusOf(auth, body['access_token'])).toBe(1);
  });

  it('publishes a JWT with an explicit type, a short lifetime and a caching time (§5.1, §13.7)', async () => {
    const answer = await auth.send(FIRST, {});
    expect(answer.headers.get('content-type')).toBe('application/statuslist+jwt');
    expect(answer.headers.get('cache-control')).toBe('public, max-age=10');
    const { payload, protectedHeader } = await fetchList(auth);
    const { activeKid } = auth.app.get(SigningKeyService);
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'statuslist+jwt', kid: activeKid });
    const now = Math.floor(auth.clock.now() / 1000);
    expect(Object.keys(payload).sort()).toEqual(['exp', 'iat', 'iss', 'status_list', 'sub', 'ttl']);
    expect(payload['ttl']).toBe(10);
    expect(payload['status_list']).toEqual({ bits: 1, lst: expect.any(String) });
    expect(payload.exp ?? 0).toBeGreaterThan(now + 300);
    expect(payload.exp ?? 0).toBeLessThanOrEqual(now + 600);
  });

  it('rejects a Status List Token as an access token', async () => {
    const { text } = await auth.send(FIRST, {});
    const headers = { authorization: `Bearer ${text}` };
    expect((await auth.send('/auth/sessions', { headers })).status).toBe(401);
  });

  it('answers 304 until a session ends, and the new list then (RFC 9110 §13.1.2)', async () => {
    const { refresh_token } = await auth.createLogin();
    const before = await auth.send(FIRST, {});
    expect(tagOf(before)).toMatch(/^W\/"[\w-]{43}"$/);
    auth.clock.advance({ seconds: 1 });
    const same = await auth.send(FIRST, unless(tagOf(before)));
    expect([same.status, same.text, tagOf(same)]).toEqual([304, '', tagOf(before)]);
    expect(same.headers.get('cache-control')).toBe('public, max-age=10');

    await auth.json('/auth/logout', { refresh_token });
    auth.clock.advance({ seconds: 1 });
    const after = await auth.send(FIRST, unless(tagOf(before)));
    expect(after.status).toBe(200);
    expect(tagOf(after)).not.toBe(tagOf(before));
  });

  it('signs an unchanged list again before it expires', async () => {
    const before = await auth.send(FIRST, {});
    const again = await auth.send(FIRST, {});
    expect(again.text).toBe(before.text);
    auth.clock.advance({ seconds: 300 });
    const { status, text } = await auth.send(FIRST, unless(tagOf(before)));
    expect(status).toBe(200);
    expect(decodeClaims(text)['exp']).toBe(Number(decodeClaims(before.text)['exp']) + 300);
  });

  it('signs the list again with a new signing key, so that verifiers notice a revoked key', async () => {
    const before = await auth.send(FIRST, {});
    const { activeKid } = auth.app.get(SigningKeyService);
    await auth.app.get(KeyRotationService).revoke(activeKid, 'operator');
    const after = await auth.send(FIRST, unless(tagOf(before)));
    expect(after.status).toBe(200);
    expect(decodeHeader(before.text)['kid']).toBe(activeKid);
    expect(decodeHeader(after.text)['kid']).toBe(auth.app.get(SigningKeyService).activeKid);
    expect(decodeHeader(after.text)['kid']).not.toBe(activeKid);
  });

  it('publishes the same list and entity tag on every replica', async () => {
    const replica = await TestAuth.start(settings);
    replica.clock.advance({ seconds: (auth.clock.now() - replica.clock.now()) / 1000 });
    const { access_token, refresh_token } = await auth.createLogin();
    await auth.json('/auth/logout', { refresh_token });
    auth.clock.advance({ seconds: 1 });
    expect(await statusOf(replica, access_token)).toBe(1);
    expect((await replica.send(FIRST, unless(tagOf(await auth.send(FIRST, {}))))).status).toBe(304);
    await replica.stop();
  });

  it('lists all status lists at the endpoint that the metadata names (§9)', async () => {
    const { body } = await auth.send('/.well-known/oauth-authorization-server', {});
    const path = body['status_list_aggregation_endpoint']?.replace(ISSUER, '') ?? '';
    const { headers, text } = await auth.send(path, {});
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(JSON.parse(text)).toEqual({ status_lists: [`${ISSUER}${FIRST}`] });
  });

  it('rejects invalid list ids', async () => {
    for (const number of HOSTILE) {
      const { status, headers } = await auth.send(`/oauth/status-lists/${number}`, {});
      expect({ number, status: [400, 404, 414].includes(status) }).toEqual({
        number,
        status: true,
      });
      expect(headers.get('cache-control') ?? 'no-store').toBe('no-store');
    }
  });

  it('reads the database once a second and signs once for concurrent requests', async () => {
    const burst = await Promise.all(Array.from({ length: 50 }, () => auth.send(FIRST, {})));
    // Two ECDSA signatures of the same list would differ.
    expect(new Set(burst.map(({ text }) => text)).size).toBe(1);

    const unitOfWork = auth.app.get(UnitOfWork);
    await unitOfWork.execute(
      `INSERT INTO status_list (id, next, seed, created_at) VALUES (2, 0, '', 0)`,
    );
    const second = '/oauth/status-lists/2';
    expect((await auth.send(second, {})).status).toBe(404);
    auth.clock.advance({ seconds: 1 });
    expect((await auth.send(second, {})).status).toBe(200);
  });

  it('answers 501 to a query for a past status (§8.4)', async () => {
    for (const query of ['time=1686925000', 'time=', 'time=1&time=2', 'time[]=1&time=']) {
      expect((await auth.send(`${FIRST}?${query}`, {})).status).toBe(501);
    }
  });
});

describe('a server with STATUS_LISTS=false', () => {
  it('issues tokens without a status reference, and publishes no list', async () => {
    const auth = await TestAuth.start({ STATUS_LISTS: 'false' });
    expect(referenceIn((await auth.createLogin()).access_token)).toBeUndefined();
    const { body } = await auth.send('/.well-known/oauth-authorization-server', {});
    expect(Object.keys(body)).not.toContain('status_list_aggregation_endpoint');
    for (const path of ['/oauth/status-lists', FIRST]) {
      expect((await auth.send(path, {})).status).toBe(404);
    }
    await auth.stop();
  });

  it('issues tokens of existing sessions without a status reference', async () => {
    const on = await TestAuth.start();
    const { refresh_token } = await on.createLogin();
    const { DATA_DIR } = on.config;
    await on.stop();
    const off = await TestAuth.start({ DATA_DIR, STATUS_LISTS: 'false' });
    const { body } = await off.refresh(refresh_token);
    expect(decodeClaims(body['access_token'])['sid']).toEqual(expect.any(String));
    expect(referenceIn(body['access_token'])).toBeUndefined();
    expect((await off.send(FIRST, {})).status).toBe(404);
    await off.stop();
  });
});
