import { eachDatabase } from '@gatehouse/persistence/testing';
import { KeyRefusal } from '../../src/tokens/keys/key-rotation.service.js';
import { KeyProcess } from '../support/key-process.js';
import { TestClock } from '../support/test-auth.js';

const ROTATION = 86_400;
const LEAD = 300 + 2 * 60 + 5;
const TAIL = 3600 + 4 * 60 + 5;
const settings = { KEY_ROTATION_PERIOD: String(ROTATION) };

eachDatabase('signing keys', (fresh) => {
  let clock: TestClock;
  let replicas: KeyProcess[];
  let one: KeyProcess;

  beforeAll(async () => {
    const at = await fresh();
    clock = new TestClock();
    // The first one makes the tables.
    one = await KeyProcess.start(at, settings, clock);
    const others = [1, 2, 3].map(() => KeyProcess.start(at, settings, clock));
    replicas = [one, ...(await Promise.all(others))];
  });
  beforeEach(() => one.deleteAll());
  afterAll(() => Promise.all(replicas.map((replica) => replica.stop())));

  const all = (work: (replica: KeyProcess) => Promise<unknown>) => Promise.all(replicas.map(work));
  const begin = async () => {
    await one.rotation.createMissingKeys();
    await one.database.unitOfWork.execute('DELETE FROM security_event');
  };
  const pass = (seconds: number) => clock.advance({ seconds });

  describe('whoever acts, and however many at once', () => {
    it('are made once at the first start of four replicas', async () => {
      await all(({ rotation: life }) => life.createMissingKeys());
      expect(await one.listStates()).toEqual(['active', 'pending']);
      expect(await one.listEventTypes()).toEqual(['activated', 'staged', 'staged']);
      const sets = replicas.map(({ keys }) => keys.published.text);
      expect(new Set(sets).size).toBe(1);
      expect(new Set(replicas.map(({ keys }) => keys.activeKid)).size).toBe(1);
    });

    it('rotate once for four that follow the plan', async () => {
      await begin();
      const [before, next] = [await one.getKid('active'), await one.getKid('pending')];
      pass(ROTATION);
      await all(({ rotation: life }) => life.applyDueSteps());
      expect(await one.listStates()).toEqual(['active', 'pending', 'retiring']);
      expect([await one.getKid('retiring'), await one.getKid('active')]).toEqual([before, next]);
      expect(await one.listEventTypes()).toEqual(['activated', 'retiring', 'staged']);
    });

    it('retire once the last token has expired, and their private keys with them', async () => {
      await begin();
      pass(ROTATION);
      await one.rotation.applyDueSteps();
      const kid = await one.getKid('retiring');
      pass(TAIL - 1);
      await all(({ rotation: life }) => life.applyDueSteps());
      expect(await one.getKid('retiring')).toBe(kid);
      pass(1);
      await all(({ rotation: life }) => life.applyDueSteps());
      expect(await one.getKid('retired')).toBe(kid);
      expect(await sealed(kid)).toBe('');
      expect(JSON.stringify(one.keys.keySet)).not.toContain(kid);
      expect((await one.listEventTypes()).filter((type) => type === 'retired')).toHaveLength(1);
    });

    it('are staged once for four operators, who all learn the same kid', async () => {
      const kids = await Promise.all(
        replicas.map(({ rotation: life }) => life.stage('ES256', 'operator')),
      );
      expect(new Set(kids).size).toBe(1);
      expect(await one.listEventTypes()).toEqual(['staged']);
    });

    it('are activated once for operators and the plan together', async () => {
      await begin();
      const next = await one.getKid('pending');
      pass(ROTATION);
      await Promise.all([
        ...replicas.map(({ rotation: life }) => life.activate(next, 'operator')),
        ...replicas.map(({ rotation: life }) => life.applyDueSteps()),
      ]);
      expect(await one.listStates()).toEqual(['active', 'pending', 'retiring']);
      expect(await one.getKid('active')).toBe(next);
      expect(await one.listEventTypes()).toEqual(['activated', 'retiring', 'staged']);
    });

    it('are revoked once while the plan rotates, and one signs all the same', async () => {
      await begin();
      const bad = await one.getKid('active');
      pass(ROTATION);
      await Promise.all([
        ...replicas.map(({ rotation: life }) => life.revoke(bad, 'operator')),
        ...replicas.map(({ rotation: life }) => life.applyDueSteps()),
      ]);
      expect(await one.listStates()).toEqual(['active', 'pending', 'revoked']);
      expect(await one.getKid('revoked')).toBe(bad);
      expect((await one.listEventTypes()).filter((type) => type === 'revoked')).toHaveLength(1);
    });

    it('are retired once for four operators', async () => {
      await begin();
      const kid = await one.getKid('active');
      pass(ROTATION);
      await one.rotation.applyDueSteps();
      pass(TAIL);
      await all(({ rotation: life }) => life.retire(kid, 'operator'));
      expect(await one.getKid('retired')).toBe(kid);
      expect((await one.listEventTypes()).filter((type) => type === 'retired')).toHaveLength(1);
    });
  });

  describe('after a process died between two steps', () => {
    it('the next one stages the successor that is missing', async () => {
      await begin();
      pass(ROTATION);
      one.factory.shouldFail = true;
      await expect(one.rotation.applyDueSteps()).rejects.toThrow('killed');
      one.factory.shouldFail = false;
      expect(await one.listStates()).toEqual(['active', 'retiring']);
      await replicas[1]?.rotation.applyDueSteps();
      expect(await one.listStates()).toEqual(['active', 'pending', 'retiring']);
    });

    it.each(['signing_key.retiring', 'signing_key.activated'] as const)(
      'a rotation is whole or has not been (killed at %s)',
      async (type) => {
        await begin();
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

    it('a revocation is whole or has not been', async () => {
      await begin();
      const [bad, next] = [await one.getKid('active'), await one.getKid('pending')];
      one.events.failsAt = 'signing_key.activated';
      await expect(one.rotation.revoke(bad, 'operator')).rejects.toThrow('killed');
      one.events.failsAt = undefined;
      expect(await one.getKid('active')).toBe(bad);
      await one.rotation.revoke(bad, 'operator');
      expect([await one.getKid('revoked'), await one.getKid('active')]).toEqual([bad, next]);
    });
  });

  describe('in an emergency', () => {
    it('the key is out of the set, its private key is gone, and its successor signs', async () => {
      await begin();
      const [bad, next] = [await one.getKid('active'), await one.getKid('pending')];
      await one.rotation.revoke(bad, 'operator');
      expect(one.keys.activeKid).toBe(next);
      expect(one.keys.published.text).not.toContain(bad);
      expect(await sealed(bad)).toBe('');
      expect(await one.listStates()).toEqual(['active', 'pending', 'revoked']);
      expect(await one.listEventTypes()).toEqual(['activated', 'revoked', 'staged']);
    });

    it('a key that has no successor gets one first', async () => {
      await one.rotation.stage('ES256', 'operator');
      await one.rotation.activate(await one.getKid('pending'), 'operator');
      const bad = await one.getKid('active');
      await one.rotation.revoke(bad, 'operator');
      expect(await one.listStates()).toEqual(['active', 'pending', 'revoked']);
      expect(one.keys.activeKid).not.toBe(bad);
    });

    it('nothing has been where the operator only rehearsed it in a transaction', async () => {
      await begin();
      const before = await one.rotation.list();
      const rehearsal = one.database.unitOfWork.transaction(async () => {
        await one.rotation.revoke(await one.getKid('active'), 'operator');
        throw new Error('it was a rehearsal');
      });
      await expect(rehearsal).rejects.toThrow('it was a rehearsal');
      expect(await one.rotation.list()).toEqual(before);
      expect(await one.listEventTypes()).toEqual([]);
      expect(one.keys.activeKid).toBe(await one.getKid('active'));
    });

    it('a successor is replaced, and the rotation waits until that one is known', async () => {
      await begin();
      pass(ROTATION - 1);
      await one.rotation.revoke(await one.getKid('pending'), 'operator');
      const next = await one.getKid('pending');
      pass(LEAD - 1);
      await one.rotation.applyDueSteps();
      expect(await one.getKid('pending')).toBe(next);
      pass(1);
      await one.rotation.applyDueSteps();
      expect(await one.getKid('active')).toBe(next);
    });
  });

  describe('are left as they are, with a sentence that says what to do', () => {
    const refused = (work: Promise<unknown>, sentence: RegExp) =>
      Promise.all([
        expect(work).rejects.toBeInstanceOf(KeyRefusal),
        expect(work).rejects.toThrow(sentence),
      ]);

    it('where the word is about a key that there is not', async () => {
      for (const work of ['activate', 'retire', 'revoke'] as const)
        await refused(one.rotation[work]('nonsense', 'operator'), /there is no key nonsense: list/);
    });

    it('where verifiers may not know the next one', async () => {
      await begin();
      const next = await one.getKid('pending');
      pass(LEAD - 1);
      await refused(one.rotation.activate(next, 'operator'), /wait until then, or revoke/);
      pass(1);
      await one.rotation.activate(next, 'operator');
      expect(one.keys.activeKid).toBe(next);
    });

    it('where a key still signs, will, or has tokens about', async () => {
      await begin();
      const first = await one.getKid('active');
      await refused(one.rotation.retire(first, 'operator'), /activate its successor, or revoke it/);
      await refused(
        one.rotation.retire(await one.getKid('pending'), 'operator'),
        /revoke it if it must/,
      );
      pass(ROTATION);
      await one.rotation.applyDueSteps();
      await refused(
        one.rotation.retire(first, 'operator'),
        /may be good until \S+Z: it retires by/,
      );
      await refused(one.rotation.activate(first, 'operator'), /is retiring: only a pending key/);
      pass(TAIL);
      await one.rotation.applyDueSteps();
      await refused(one.rotation.revoke(first, 'operator'), /is retired: it is in no key set/);
    });

    it('and a word that is fulfilled already does nothing', async () => {
      await begin();
      await one.rotation.activate(await one.getKid('active'), 'operator');
      await one.rotation.stage('ES256', 'operator');
      expect(await one.listEventTypes()).toEqual([]);
    });
  });

  it('of another algorithm sign until the new ones are known, then run out', async () => {
    await begin();
    const es256 = one.keys.activeKid;
    const after = one.withSettings({ ...settings, SIGNING_ALGORITHM: 'RS256' });
    await after.rotation.createMissingKeys();
    expect(after.keys.activeKid).toBe(es256);
    pass(LEAD);
    await after.rotation.applyDueSteps();
    expect(after.keys.activeKid).not.toBe(es256);
    pass(ROTATION - LEAD);
    await after.rotation.applyDueSteps();
    pass(TAIL);
    await after.rotation.applyDueSteps();
    const published = after.keys.keySet.keys.map(({ alg }) => alg);
    expect(new Set(published)).toEqual(new Set(['RS256']));
    const ended = (await after.rotation.list()).filter(({ algorithm }) => algorithm === 'ES256');
    expect(ended.map(({ state }) => state)).toEqual(['retired', 'retired']);
  });

  it('are sealed again once the server secret is another one (the old one can go)', async () => {
    await begin();
    const [old, next] = [
      'an older secret of 32 bytes and more',
      'the newest secret of 32 bytes and more',
    ];
    await one.deleteAll();
    await one.withSettings({ ...settings, SERVER_SECRET: old }).rotation.createMissingKeys();
    const both = { ...settings, SERVER_SECRET: `${next},${old}` };
    const moved = [one.withSettings(both), one.withSettings(both)];
    await Promise.all(moved.map(({ rotation: life }) => life.applyDueSteps()));
    expect((await one.listEventTypes()).filter((type) => type === 'resealed')).toHaveLength(2);
    const alone = one.withSettings({ ...settings, SERVER_SECRET: next });
    await alone.keys.reload();
    expect(alone.keys.keySet.keys).toHaveLength(2);
    await expect(
      one.withSettings({ ...settings, SERVER_SECRET: old }).keys.reload(),
    ).rejects.toThrow('were encrypted under another one');
  });

  it('that ended 90 days ago are forgotten when the next one ends', async () => {
    await begin();
    const first = await one.getKid('active');
    for (const seconds of [ROTATION, TAIL, 90 * ROTATION]) {
      pass(seconds);
      await one.rotation.applyDueSteps();
    }
    const kids = async () => (await one.rotation.list()).map(({ kid }) => kid);
    expect(await kids()).toContain(first);
    pass(TAIL);
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
