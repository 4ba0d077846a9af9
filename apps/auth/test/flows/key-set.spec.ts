import { Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { KeyRotationService } from '../../src/tokens/keys/key-rotation.service.js';
import { SigningKeyService } from '../../src/tokens/keys/signing-key.service.js';
import { decodeHeader, TestAuth } from '../support/test-auth.js';

describe('the key set', () => {
  const PATH = '/.well-known/jwks.json';
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start();
  });
  const get = async (ifNoneMatch?: string, method = 'GET') => {
    const conditions = ifNoneMatch === undefined ? undefined : { 'if-none-match': ifNoneMatch };
    const response = await fetch(`${auth.url}${PATH}`, { method, headers: { ...conditions } });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const rotateKeys = () => auth.app.get(Scheduler).runNow('key-rotation');
  const isPublished = async (kid: string) => (await get()).text.includes(kid);

  it('allows caching the key set for KEY_SET_MAX_AGE', async () => {
    const { headers } = await get();
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    expect(headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(headers.get('etag')).toMatch(/^"[\w-]{43}"$/);
  });

  it('answers 304 to a client that has the current set (RFC 9110 §13.1.2)', async () => {
    const { headers, text } = await get();
    const tag = headers.get('etag') ?? '';
    const matching = [
      tag,
      `W/${tag}`,
      '*',
      ' * ',
      `"other", ${tag}`,
      `"a,b",W/"c" , W/${tag}`,
      `"a"${tag}`,
    ];
    for (const ifNoneMatch of matching) {
      const answer = await get(ifNoneMatch);
      expect([ifNoneMatch, answer.status, answer.text]).toEqual([ifNoneMatch, 304, '']);
      // The same caching fields as in a 200 (RFC 9110 §15.4.5).
      expect(answer.headers.get('etag')).toBe(tag);
      expect(answer.headers.get('cache-control')).toBe('public, max-age=300');
      expect(answer.headers.get('content-type')).toBeNull();
    }
    for (const ifNoneMatch of [
      '"other"',
      tag.slice(1, -1),
      `"x${tag.slice(1)}`,
      '"',
      '',
      'W/*',
      '"*"',
    ]) {
      const answer = await get(ifNoneMatch);
      expect([ifNoneMatch, answer.status, answer.text]).toEqual([ifNoneMatch, 200, text]);
    }
  });

  it('answers HEAD like GET without a body (RFC 9110 §9.3.2)', async () => {
    const { headers } = await get();
    const head = await get(undefined, 'HEAD');
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers.get('etag')).toBe(headers.get('etag'));
    expect((await get(headers.get('etag') ?? '', 'HEAD')).status).toBe(304);
  });

  it('allows caching the key set for 90 seconds when it changes in 90 seconds (RFC 9111 §5.2.2.1)', async () => {
    const maxAge = async () => (await get()).headers.get('cache-control');
    auth.clock.advance({ seconds: auth.config.KEY_ROTATION_PERIOD - 90 });
    expect(await maxAge()).toBe('public, max-age=90');
    auth.clock.advance({ seconds: 89 });
    expect(await maxAge()).toBe('public, max-age=1');
    auth.clock.advance({ seconds: 60 });
    expect(await maxAge()).toBe('public, max-age=1');
  });

  it('publishes the next successor after a rotation, under another entity tag', async () => {
    const before = await get();
    await rotateKeys();
    const after = await get(before.headers.get('etag') ?? '');
    expect(after.status).toBe(200);
    expect(after.headers.get('cache-control')).toBe('public, max-age=300');
    expect(JSON.parse(after.text).keys.slice(0, 2)).toEqual(JSON.parse(before.text).keys);
    expect(JSON.parse(after.text).keys).toHaveLength(3);
  });

  it('replaces a revoked key in the key set at once', async () => {
    const { access_token } = await auth.createLogin();
    const kid = String(decodeHeader(access_token)['kid']);
    await auth.app.get(KeyRotationService).revoke(kid, 'operator');
    expect(await isPublished(kid)).toBe(false);
    const { access_token: next } = await auth.createLogin();
    expect(decodeHeader(next)['kid']).not.toBe(kid);
    expect(await isPublished(String(decodeHeader(next)['kid']))).toBe(true);
  });

  it('serves the same key set while the database is unavailable', async () => {
    const { text } = await get();
    const unitOfWork = auth.app.get(UnitOfWork);
    await unitOfWork.execute('ALTER TABLE signing_key RENAME TO mislaid');
    await expect(auth.app.get(Scheduler).runNow('keys')).rejects.toThrow();
    expect((await get()).text).toBe(text);
    expect((await auth.createLogin()).access_token).not.toBe('');
    await unitOfWork.execute('ALTER TABLE mislaid RENAME TO signing_key');
  });
});

describe('a signing key', () => {
  it('refuses to sign a token that would outlive its signing key', async () => {
    const auth = await TestAuth.start();
    const keys = auth.app.get(SigningKeyService);
    const exp = Math.floor(auth.clock.now() / 1000) + 3600;
    await keys.sign('at+jwt', { exp });
    await expect(keys.sign('at+jwt', { exp: exp + 1 })).rejects.toThrow('would outlive its key');
  });

  it('signs tokens of an hour for a client that is registered for longer lifetimes', async () => {
    const auth = await TestAuth.start();
    await auth.registerClient({ id: 'long', secret: 'a-secret', accessTokenTtl: 86_400 });
    const { body } = await auth.token({ grant_type: 'client_credentials' }, 'long:a-secret');
    expect(body['expires_in']).toBe(3600);
  });

  it('signs with the same key on all replicas after each replica has read the keys', async () => {
    const one = await TestAuth.start();
    const other = await TestAuth.start({ DATA_DIR: one.config.DATA_DIR });
    const revoked = one.app.get(SigningKeyService).activeKid;
    await one.app.get(KeyRotationService).revoke(revoked, 'operator');
    await other.app.get(Scheduler).runNow('keys');
    const [first, second] = [one, other].map(({ app }) => app.get(SigningKeyService));
    expect(second?.activeKid).toBe(first?.activeKid);
    expect(second?.activeKid).not.toBe(revoked);
    expect(second?.keySet.entityTag).toBe(first?.keySet.entityTag);
  });

  it('reads the signing keys again in a process that was suspended for a month', async () => {
    const one = await TestAuth.start();
    const paused = await TestAuth.start({ DATA_DIR: one.config.DATA_DIR });
    const seconds = one.config.KEY_ROTATION_PERIOD;
    for (const { clock } of [one, paused]) clock.advance({ seconds });
    await one.app.get(Scheduler).runNow('key-rotation');
    const { access_token } = await paused.createLogin();
    expect(decodeHeader(access_token)['kid']).toBe(one.app.get(SigningKeyService).activeKid);
  });
});
