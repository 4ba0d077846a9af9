import { createPublicKey } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Scheduler } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { calculateJwkThumbprint, createRemoteJWKSet, type JWK, jwtVerify } from 'jose';
import { DataSource } from 'typeorm';
import { ServerSecrets } from '../../src/platform/server-secrets.js';
import { RefreshTokenFormat } from '../../src/sessions/refresh-token-family.entity.js';
import { SigningKeyService } from '../../src/tokens/keys/signing-key.service.js';
import { TestAuth, toDatabaseSettings } from '../support/test-auth.js';

const keySetOf = async (auth: TestAuth): Promise<JWK[]> => {
  const { text } = await auth.send('/.well-known/jwks.json', {});
  return JSON.parse(text).keys;
};
const SECRET = 'a-server-secret-for-tests-of-40-bytes---';

eachDatabase('signing keys', (fresh) => {
  const settings = async () => toDatabaseSettings(await fresh());

  it('publishes two keys from the first start: the signer and its successor (OIDC Core §10.1.1)', async () => {
    const auth = await TestAuth.start(await settings());
    const keys = await keySetOf(auth);
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
      expect(key).toMatchObject({ alg: 'ES256', use: 'sig', kty: 'EC' });
      expect(key.kid).toBe(await calculateJwkThumbprint(key));
    }
    await auth.stop();
  });

  it('keeps the keys after a restart, and creates them once for replicas that start together', async () => {
    const at = { ...(await settings()), SERVER_SECRET: SECRET };
    const isShared = 'DATABASE_URL' in at;
    const first = await Promise.all(
      Array.from({ length: isShared ? 4 : 1 }, () => TestAuth.start(at)),
    );
    const restarted = await TestAuth.start(at);
    const sets = await Promise.all([...first, restarted].map(keySetOf));
    for (const set of sets) expect(set).toEqual(sets[0]);
    const { access_token } = await restarted.createLogin();
    const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', first[0]?.url));
    await jwtVerify(access_token, keys, { currentDate: new Date(restarted.clock.now()) });
    for (const auth of [...first, restarted]) await auth.stop();
  });

  it('keeps keys of the previous algorithm in the set while their tokens may be valid', async () => {
    const at = { ...(await settings()), SERVER_SECRET: SECRET };
    const before = await TestAuth.start(at);
    const { access_token } = await before.createLogin();
    await before.stop();
    const after = await TestAuth.start({ ...at, SIGNING_ALGORITHM: 'RS256' });
    expect((await keySetOf(after)).map(({ alg }) => alg).sort()).toEqual([
      'ES256',
      'ES256',
      'RS256',
    ]);
    const keys = createRemoteJWKSet(new URL('/.well-known/jwks.json', after.url));
    await jwtVerify(access_token, keys, { currentDate: new Date(after.clock.now()) });
    await after.stop();
  });

  it('stores private keys encrypted (AES-256-GCM)', async () => {
    const at = { ...(await settings()), SERVER_SECRET: SECRET };
    const auth = await TestAuth.start(at);
    const dataSource = auth.app.get(DataSource);
    const stored = await dataSource.query(
      'SELECT kid, encrypted_private_key AS sealed FROM signing_key',
    );
    const text = JSON.stringify(stored);
    expect(text).not.toMatch(/BEGIN|PRIVATE|"d"/);
    for (const { sealed } of stored) {
      const bytes = Buffer.from(sealed.split('.')[2], 'base64url');
      expect(() => createPublicKey({ key: bytes, format: 'der', type: 'spki' })).toThrow();
    }
    await auth.stop();
    await expect(TestAuth.start({ ...at, SERVER_SECRET: `other ${SECRET}` })).rejects.toThrow(
      'were encrypted under another secret',
    );
  });

  it('accepts refresh tokens of the old server secret while both secrets are configured', async () => {
    const at = await settings();
    const before = await TestAuth.start({ ...at, SERVER_SECRET: SECRET });
    const { refresh_token } = await before.createLogin();
    await before.stop();
    const after = await TestAuth.start({ ...at, SERVER_SECRET: `new ${SECRET}, ${SECRET}` });
    const { status, body } = await after.refresh(refresh_token);
    expect(status).toBe(200);
    const onlyNew = new RefreshTokenFormat(new ServerSecrets([`new ${SECRET}`]));
    expect(onlyNew.read(body['refresh_token'] ?? '')).toBeDefined();
    expect(onlyNew.read(refresh_token)).toBeUndefined();
    await after.stop();
  });
});

describe('the rotation of the server secret in three steps', () => {
  const [old, next] = [SECRET, `next ${SECRET}`];
  let DATA_DIR: string;
  let first: string;

  const step = async (SERVER_SECRET: string, refresh_token: string) => {
    const auth = await TestAuth.start({ DATA_DIR, SERVER_SECRET });
    await auth.app.get(Scheduler).runNow('key-rotation');
    const kid = auth.app.get(SigningKeyService).activeKid;
    const { status, body } = await auth.refresh(refresh_token);
    await auth.stop();
    return { kid, status, error: body['error'], token: body['refresh_token'] ?? '' };
  };

  beforeAll(async () => {
    const auth = await TestAuth.start({ SERVER_SECRET: old });
    ({ DATA_DIR } = auth.config);
    ({ refresh_token: first } = await auth.createLogin());
    await auth.stop();
  });

  it('keeps signing keys and refresh tokens valid after each step', async () => {
    const appended = await step(`${old},${next}`, first);
    const moved = await step(`${next},${old}`, appended.token);
    const dropped = await step(next, moved.token);
    expect([appended, moved, dropped].map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set([appended, moved, dropped].map(({ kid }) => kid)).size).toBe(1);
  });

  it('rejects a refresh token of the removed secret with invalid_grant (RFC 6749 §5.2)', async () => {
    expect(await step(next, first)).toMatchObject({ status: 400, error: 'invalid_grant' });
  });
});

it('creates a server secret once in development, in a file that only its owner can read', async () => {
  const auth = await TestAuth.start();
  const file = join(auth.config.DATA_DIR, 'server-secret');
  expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');
  const { refresh_token } = await auth.createLogin();
  await auth.stop();
  const again = await TestAuth.start({ DATA_DIR: auth.config.DATA_DIR });
  expect((await again.refresh(refresh_token)).status).toBe(200);
  await again.stop();
});
