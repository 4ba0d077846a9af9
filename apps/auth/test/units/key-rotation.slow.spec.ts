import { eachDatabase } from '@gatehouse/persistence/testing';
import { KeyStateError } from '../../src/tokens/keys/key-state-checks.js';
import { KeyProcess } from '../support/key-process.js';
import { TestClock } from '../support/test-auth.js';

const ROTATION = 86_400;
const PUBLISHED_BEFORE = 300 + 2 * 60 + 5;
const PUBLISHED_AFTER = 3600 + 4 * 60 + 5;
const settings = { KEY_ROTATION_PERIOD: String(ROTATION) };

eachDatabase('signing keys', (fresh) => {
  let clock: TestClock;
  let replicas: KeyProcess[];
  let one: KeyProcess;

  beforeAll(async () => {
    const at = await fresh();
    clock = new TestClock();
    // The first one creates the tables.
    one = await KeyProcess.start(at, settings, clock);
    const others = [1, 2, 3].map(() => KeyProcess.start(at, settings, clock));
    replicas = [one, ...(await Promise.all(others))];
  });
  beforeEach(() => one.deleteAll());
  afterAll(() => Promise.all(replicas.map((replica) => replica.stop())));

  const all = (work: (replica: KeyProcess) => Promise<unknown>) => Promise.all(replicas.map(work));
  const createKeys = async () => {
    await one.rotation.createMissingKeys();
    await one.database.unitOfWork.execute('DELETE FROM security_event');
  };
  const pass = (seconds: number) => clock.advance({ seconds });

  describe('concurrent changes by replicas and operators', () => {
    it('creates the keys once at the first start of four replicas', async () => {
      await all(({ rotation }) => rotation.createMissingKeys());
      expect(await one.listStates()).toEqual(['active', 'pending']);
      expect(await one.listEventTypes()).toEqual(['activated', 'staged', 'staged']);
      const sets = replicas.map(({ keys }) => keys.keySet.text);
      expect(new Set(sets).size).toBe(1);
      expect(new Set(replicas.map(({ keys }) => keys.activeKid)).size).toBe(1);
    });

    it('rotates once when four replicas follow the plan', async () => {
      await createKeys();
      const [before, next] = [await one.getKid('active'), await one.getKid('pending')];
      pass(ROTATION);
      await all(({ rotation }) => rotation.applyDueSteps());
      expect(await one.listStates()).toEqual(['active', 'pending', 'retiring']);
      expect([await one.getKid('retiring'), await one.getKid('active')]).toEqual([before, next]);
      expect(await one.listEventTypes()).toEqual(['activated', 'retiring', 'staged']);
    });

    it('retires a key once when its last token has expired, and deletes the private key', async () => {
      await createKeys();
      pass(ROTATION);
      await one.rotation.applyDueSteps();
      const kid = await one.getKid('retiring');
      pass(PUBLISHED_AFTER - 1);
      await all(({ rotation }) => rotation.applyDueSteps());
      expect(await one.getKid('retiring')).toBe(kid);
      pass(1);
      await all(({ rotation }) => rotation.applyDueSteps());
      expect(await one.getKid('retired')).toBe(kid);
      expect(await sealed(kid)).toBe('');
      expect(JSON.stringify(one.keys.keySet)).not.toContain(kid);
      expect((await one.listEventTypes()).filter((type) => type === 'retired')).toHaveLength(1);
    });

    it('stages one key for four operators, and returns the same kid to all of them', async () => {
      const kids = await Promise.all(
        replicas.map(({ rotation }) => rotation.stage('ES256', 'operator')),
      );
      expect(new Set(kids).size).toBe(1);
      expect(await one.listEventTypes()).toEqual(['staged']);
    });

    it('activates a key once when operators and replicas activate it together', async () => {
      await createKeys();
      const next = await one.getKid('pending');
      pass(ROTATION);
      await Promise.all([
        ...replicas.map(({ rotation }) => rotation.activate(next, 'operator')),
        ...replicas.map(({ rotation }) => rotation.applyDueSteps()),
      ]);
      expect(await one.listStates()).toEqual(['active', 'pending', 'retiring']);
      expect(await one.getKid('active')).toBe(next);
      expect(await one.listEventTypes()).toEqual(['activated', 'retiring', 'staged']);
    });

    it('revokes a key once during a rotation, and another key signs', async () => {
      await createKeys();
      const bad = await one.getKid('active');
      pass(ROTATION);
      await Promise.all([
        ...replicas.map(({ rotation }) => rotation.revoke(bad, 'operator')),
        ...replicas.map(({ rotation }) => rotation.applyDueSteps()),
      ]);
      expect(await one.listStates()).toEqual(['active', 'pending', 'revoked']);
      expect(await one.getKid('revoked')).toBe(bad);
      expect((await one.listEventTypes()).filter((type) => type === 'revoked')).toHaveLength(1);
    });

    it('retires a key once for four operators', async () => {
      await createKeys();
      const kid = await one.getKid('active');
      pass(ROTATION);
      await one.rotation.applyDueSteps();
      pass(PUBLISHED_AFTER);
      await all(({ rotation }) => rotation.retire(kid, 'operator'));
      expect(await one.getKid('retired')).toBe(kid);
      expect((await one.listEventTypes()).filter((type) => type === 'retired')).toHaveLength(1);
    });
  });

  describe('a process that dies between two steps', () => {
    it('leaves a missing successor for the next process to stage', async () => {
      await createKeys();
      pass(ROTATION);
      one.factory.shouldFail = true;
      await expect(one.rotation.applyDueSteps()).rejects.toThrow('killed');
      one.factory.shouldFail = false;
      expect(await one.listStates()).toEqual(['active', 'retiring']);
      await replicas[1]?.rotation.applyDueSteps();
      expect(await one.listStates()).toEqual(['active', 'pending', 'retiring']);
    });

    it.each(['signing_key.retiring', 'signing_key.activated'] as const)(
      'leaves no part of a rotation (killed at %s)',
      async (type) => {
        await createKeys();
        const before = await one.getKid('active');
        pass(ROTATION);
        one.events.failsAt = type;
        await expect(one.rotation.applyDueSteps()).rejects.toThrow('killed');
        one.events.failsAt = undefined;
        expect(await one.getKid('active')).toBe(before);
        expect(await one.listEventTypes()).toEqual([]);
        await one.rotation.applyDueSteps();
        expect(await one.getKid('retiring')).toBe(before);
      },
    );

    it('leaves no part of a revocation', async () => {
      await createKeys();
      const [bad, next] = [await one.getKid('active'), await one.getKid('pending')];
      one.events.failsAt = 'signing_key.activated';
      await expect(one.rotation.revoke(bad, 'operator')).rejects.toThrow('killed');
      one.events.failsAt = undefined;
      expect(await one.getKid('active')).toBe(bad);
      await one.rotation.revoke(bad, 'operator');
      expect([await one.getKid('revoked'), await one.getKid('active')]).toEqual([bad, next]);
    });
  });

  describe('an emergency revocation', () => {
    it('removes the key from the set, deletes its private key, and lets its successor sign', async () => {
      await createKeys();
      const [bad, next] = [await one.getKid('active'), await one.getKid('pending')];
      await one.rotation.revoke(bad, 'operator');
      expect(one.keys.activeKid).toBe(next);
      expect(one.keys.keySet.text).not.toContain(bad);
      expect(await sealed(bad)).toBe('');
      expect(await one.listStates()).toEqual(['active', 'pending', 'revoked']);
      expect(await one.listEventTypes()).toEqual(['activated', 'revoked', 'staged']);
    });

    it('stages a successor first when the key has none', async () => {
      await one.rotation.stage('ES256', 'operator');
      await one.rotation.activate(await one.getKid('pending'), 'operator');
      const bad = await one.getKid('active');
      await one.rotation.revoke(bad, 'operator');
      expect(await one.listStates()).toEqual(['active', 'pending', 'revoked']);
      expect(one.keys.activeKid).not.toBe(bad);
    });

    it('changes nothing when its transaction is rolled back', async () => {
      await createKeys();
      const before = await one.rotation.list();
      const dryRun = one.database.unitOfWork.transaction(async () => {
        await one.rotation.revoke(await one.getKid('active'), 'operator');
        throw new Error('a dry run');
      });
      await expect(dryRun).rejects.toThrow('a dry run');
      expect(await one.rotation.list()).toEqual(before);
      expect(await one.listEventTypes()).toEqual([]);
      expect(one.keys.activeKid).toBe(await one.getKid('active'));
    });

    it('replaces a revoked successor, and delays the rotation until verifiers know the new one', async () => {
      await createKeys();
      pass(ROTATION - 1);
      await one.rotation.revoke(await one.getKid('pending'), 'operator');
      const next = await one.getKid('pending');
      pass(PUBLISHED_BEFORE - 1);
      await one.rotation.applyDueSteps();
      expect(await one.getKid('pending')).toBe(next);
      pass(1);
      await one.rotation.applyDueSteps();
      expect(await one.getKid('active')).toBe(next);
    });
  });

  describe('refused changes', () => {
    const refused = (work: Promise<unknown>, sentence: RegExp) =>
      Promise.all([
        expect(work).rejects.toBeInstanceOf(KeyStateError),
        expect(work).rejects.toThrow(sentence),
      ]);

    it('refuses to change an unknown key', async () => {
      for (const work of ['activate', 'retire', 'revoke'] as const)
        await refused(one.rotation[work]('nonsense', 'operator'), /there is no key nonsense: list/);
    });

    it('refuses to activate a key that verifiers may not know', async () => {
      await createKeys();
      const next = await one.getKid('pending');
      pass(PUBLISHED_BEFORE - 1);
      await refused(one.rotation.activate(next, 'operator'), /wait until then, or revoke/);
      pass(1);
      await one.rotation.activate(next, 'operator');
      expect(one.keys.activeKid).toBe(next);
    });

    it('refuses to retire a key that signs, will sign, or has valid tokens', async () => {
      await createKeys();
      const first = await one.getKid('active');
      await refused(
        one.rotation.retire(first, 'operator'),
        /activate its successor, or revoke the key/,
      );
      await refused(
        one.rotation.retire(await one.getKid('pending'), 'operator'),
        /revoke it if it must/,
      );
      pass(ROTATION);
      await one.rotation.applyDueSteps();
      await refused(
        one.rotation.retire(first, 'operator'),
        /may be valid until \S+Z: the server retires/,
      );
      await refused(one.rotation.activate(first, 'operator'), /is retiring: only a pending key/);
      pass(PUBLISHED_AFTER);
      await one.rotation.applyDueSteps();
      await refused(one.rotation.revoke(first, 'operator'), /is retired: it is in no key set/);
    });

    it('does nothing when the key is in the requested state already', async () => {
      await createKeys();
      await one.rotation.activate(await one.getKid('active'), 'operator');
      await one.rotation.stage('ES256', 'operator');
      expect(await one.listEventTypes()).toEqual([]);
    });
  });

  it('lets keys of the previous algorithm sign until verifiers know the new keys, and retires them then', async () => {
    await createKeys();
    const es256 = one.keys.activeKid;
    const after = one.withSettings({ ...settings, SIGNING_ALGORITHM: 'RS256' });
    await after.rotation.createMissingKeys();
    expect(after.keys.activeKid).toBe(es256);
    pass(PUBLISHED_BEFORE);
    await after.rotation.applyDueSteps();
    expect(after.keys.activeKid).not.toBe(es256);
    pass(ROTATION - PUBLISHED_BEFORE);
    await after.rotation.applyDueSteps();
    pass(PUBLISHED_AFTER);
    await after.rotation.applyDueSteps();
    const published = after.keys.keySet.keys.map(({ alg }) => alg);
    expect(new Set(published)).toEqual(new Set(['RS256']));
    const ended = (await after.rotation.list()).filter(({ algorithm }) => algorithm === 'ES256');
    expect(ended.map(({ state }) => state)).toEqual(['retired', 'retired']);
  });

  it('encrypts the keys again under a new server secret, so that the old secret can be removed', async () => {
    await createKeys();
    const [old, next] = [
      'an older secret of 32 bytes and more',
      'the newest secret of 32 bytes and more',
    ];
    await one.deleteAll();
    await one.withSettings({ ...settings, SERVER_SECRET: old }).rotation.createMissingKeys();
    const both = { ...settings, SERVER_SECRET: `${next},${old}` };
    const moved = [one.withSettings(both), one.withSettings(both)];
    await Promise.all(moved.map(({ rotation }) => rotation.applyDueSteps()));
    expect((await one.listEventTypes()).filter((type) => type === 'resealed')).toHaveLength(2);
    const alone = one.withSettings({ ...settings, SERVER_SECRET: next });
    await alone.keys.reload();
    expect(alone.keys.keySet.keys).toHaveLength(2);
    await expect(
      one.withSettings({ ...settings, SERVER_SECRET: old }).keys.reload(),
    ).rejects.toThrow('were encrypted under another secret');
  });

  it('deletes rows of keys that ended 90 days ago when the next key ends', async () => {
    await createKeys();
    const first = await one.getKid('active');
    for (const seconds of [ROTATION, PUBLISHED_AFTER, 90 * ROTATION]) {
      pass(seconds);
      await one.rotation.applyDueSteps();
    }
    const kids = async () => (await one.rotation.list()).map(({ kid }) => kid);
    expect(await kids()).toContain(first);
    pass(PUBLISHED_AFTER);
    await one.rotation.applyDueSteps();
    expect(await kids()).not.toContain(first);
    expect(await one.listStates()).toEqual(['active', 'pending', 'retired']);
  });

  async function sealed(kid: string): Promise<string | undefined> {
    const [row] = await one.database.unitOfWork.query<{ sealed: string }>(
      'SELECT encrypted_private_key AS sealed FROM signing_key WHERE kid = $1',
      [kid],
    );
    return row?.sealed;
  }
});
