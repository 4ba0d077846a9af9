import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { waitUntil } from '@gatehouse/service-kit/testing';
import { TestAuth, toDatabaseSettings } from '../support/test-auth.js';
import { lockOnPostgres, lockOnSqlite, type WriterLock } from '../support/writer-lock.js';

const HEADERS = 'POST /auth/refresh HTTP/1.1\r\nHost: auth\r\nContent-Type: application/json\r\n';

eachDatabase('the arrival of a refresh', (fresh) => {
  let auth: TestAuth;
  let lockWrites: () => Promise<WriterLock>;
  beforeAll(async () => {
    const at = await fresh();
    auth = await TestAuth.start(toDatabaseSettings(at));
    const { databaseUrl } = at;
    lockWrites = () =>
      databaseUrl === undefined
        ? lockOnSqlite(auth.app.get(UnitOfWork))
        : lockOnPostgres(databaseUrl);
  });
  afterAll(() => auth.stop());

  async function openSocket(): Promise<Socket> {
    const socket = connect(Number(new URL(auth.url).port), '127.0.0.1');
    await once(socket, 'connect');
    return socket;
  }
  /** A request in two parts, to be sent one after the other. */
  function toParts(refresh_token: string): readonly [string, string] {
    const body = JSON.stringify({ refresh_token });
    return [`${HEADERS}Content-Length: ${body.length}\r\n\r\n${body.slice(0, 5)}`, body.slice(5)];
  }
  const countConnections = () =>
    new Promise<number>((resolve, reject) =>
      auth.app
        .getHttpServer()
        .getConnections((error: Error | null, count: number) =>
          error ? reject(error) : resolve(count),
        ),
    );
  async function readFamily(refresh_token: string) {
    const sql = 'SELECT generation, end_reason FROM refresh_token_family WHERE id = $1';
    const [row] = await auth.app
      .get(UnitOfWork)
      .query<{ generation: number; end_reason: string | null }>(sql, [refresh_token.split('.')[0]]);
    return row;
  }
  const logIn = async () => (await auth.createLogin()).refresh_token;

  it('counts from the end of the body, so a thief cannot prolong the grace window by sending slowly', async () => {
    const stolen = await logIn();
    const socket = await openSocket();
    const [head, rest] = toParts(stolen);
    socket.write(head);
    expect((await auth.refresh(stolen)).status).toBe(200);
    auth.clock.advance({ seconds: 11 });
    socket.write(rest);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    expect(String(answer)).toContain('invalid_grant');
    expect(await readFamily(stolen)).toEqual({ generation: 1, end_reason: 'reuse' });
  });

  it('writes nothing for a client that left while its request waited', async () => {
    const [first, second] = [await logIn(), await logIn()];
    const lock = await lockWrites();
    const writing = auth.refresh(first);
    await lock.waitUntilBlocking(writing);
    const before = await countConnections();
    const socket = await openSocket();
    socket.write(toParts(second).join(''));
    await waitUntil(async () => (await countConnections()) > before);
    // The server reads its sockets in their order, so the second request is in the queue when it has answered a later one.
    await auth.send('/health/live', {});
    const open = await countConnections();
    socket.destroy();
    await waitUntil(async () => (await countConnections()) < open);
    await lock.release();
    expect((await writing).status).toBe(200);
    await auth.refresh(first);
    expect(await readFamily(second)).toEqual({ generation: 0, end_reason: null });
  });

  it('writes nothing after the time for the answer, and lets the client ask again', async () => {
    const [first, second] = [await logIn(), await logIn()];
    const lock = await lockWrites();
    const writing = auth.refresh(first);
    await lock.waitUntilBlocking(writing);
    const late = auth.refresh(second);
    await auth.send('/health/live', {});
    await auth.send('/health/live', {});
    auth.clock.advance({ seconds: 20 });
    await lock.release();
    expect(await late).toMatchObject({ status: 503, body: { error: 'temporarily_unavailable' } });
    expect(await readFamily(second)).toEqual({ generation: 0, end_reason: null });
    await writing;
    expect((await auth.refresh(second)).status).toBe(200);
  });

  it('ends no session when the wall clock is set forward while two tabs wait', async () => {
    const token = await logIn();
    const lock = await lockWrites();
    const tabs = [auth.refresh(token)];
    await lock.waitUntilBlocking(tabs[0] ?? Promise.resolve());
    tabs.push(auth.refresh(token));
    await auth.send('/health/live', {});
    auth.clock.correct({ seconds: 300 });
    await lock.release();
    const [first, second] = await Promise.all(tabs);
    expect(first?.status).toBe(200);
    // It is 503 when the server reads the row after the correction.
    expect([200, 503]).toContain(second?.status);
    expect(await readFamily(token)).toEqual({ generation: 1, end_reason: null });
  });

  it('lets a client ask again whose second tab comes right after the wall clock was set forward', async () => {
    const token = await logIn();
    const first = await auth.refresh(token);
    auth.clock.correct({ seconds: 300 });
    expect((await auth.refresh(token)).status).toBe(503);
    expect((await auth.refresh(first.body['refresh_token'] ?? '')).status).toBe(200);
  });
});
