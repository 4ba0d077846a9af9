import { createServer, type Server } from 'node:net';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { describeDevice } from '../../src/platform/notifications/message.js';
import { NotificationRepository } from '../../src/platform/notifications/notification.repository.js';
import { SmtpNotifier } from '../../src/platform/notifications/notifier.js';
import { anAccount } from '../support/factories.js';
import { TestMailServer } from '../support/test-mail-server.js';
import { PASSWORD, TestAuth, toDatabaseSettings } from '../support/test-auth.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

eachDatabase('a message to the owner of an account', (fresh, name) => {
  const mailbox = new TestMailServer();
  let auth: TestAuth;
  /** Another replica on PostgreSQL; the same process on SQLite. */
  let other: TestAuth;
  let owners = 0;
  let email: string;

  beforeAll(async () => {
    const settings = {
      ...toDatabaseSettings(await fresh()),
      SMTP_URL: await mailbox.start(),
      MAIL_FROM: 'gatehouse@service.example',
    };
    auth = await TestAuth.start(settings);
    other = name === 'PostgreSQL' ? await TestAuth.start(settings) : auth;
  });
  afterAll(() => mailbox.stop());
  beforeEach(() => {
    email = `owner-${(owners += 1)}@gatehouse.example`;
    mailbox.mails.length = 0;
    mailbox.isRefusing = false;
  });

  const send = (on = auth) => on.app.get(Scheduler).runNow('notifications');
  const pass = (seconds: number) => {
    for (const one of new Set([auth, other])) one.clock.advance({ seconds });
  };
  const createOwner = async () => (await anAccount(auth, email)).id;
  const enqueue = (accountId: string, userAgent = FIREFOX) =>
    auth.app
      .get(NotificationRepository)
      .enqueue({ accountId, kind: 'refresh_token_reused', detail: { userAgent } });
  const received = () => mailbox.mails.filter(({ to }) => to.includes(email));
  const findRow = async (accountId: string) => {
    const [found] = await auth.app
      .get(UnitOfWork)
      .query<{ attempts: number; next: number | null; sent: number | null }>(
        'SELECT attempts, next_attempt_at AS next, sent_at AS sent FROM notification WHERE account_id = $1',
        [accountId],
      );
    return found;
  };

  it('sends a message about a reused refresh token, without a link and without a token (RFC 9700 §4.14.2)', async () => {
    await auth.register(email);
    const { body } = await auth.json(
      '/auth/login',
      { email, password: PASSWORD },
      { 'user-agent': FIREFOX },
    );
    const refresh_token = body['refresh_token'] ?? '';
    await auth.refresh(refresh_token);
    pass(3600);
    await auth.refresh(refresh_token);
    await send();
    expect(received()).toHaveLength(1);
    const { text = '' } = received()[0] ?? {};
    expect(text).toMatch(/^From: gatehouse@service\.example\r$/m);
    expect(text).toMatch(/^Subject: We ended one of your sessions\r$/m);
    expect(text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(text).toContain('2026-11-23 at ');
    expect(text.replaceAll('=\r\n', '')).toContain('Firefox on Linux');
    expect(text).not.toMatch(/https?:|www\./);
    expect(text).not.toContain(refresh_token.slice(0, 22));
  });

  describe('the message about a changed password (OWASP ASVS 6.3.7)', () => {
    const changed = () =>
      received().filter(({ text }) => text.includes('Your password was changed'));

    it('sends a message about a password change with the time, and without password and link', async () => {
      await auth.register(email);
      const { body } = await auth.login(email, { resource: auth.config.ISSUER });
      const words = { current_password: PASSWORD, new_password: 'another horse, another staple' };
      const authorization = `Bearer ${body['access_token']}`;
      const refused = await auth.json(
        '/auth/password',
        { ...words, current_password: 'a guess' },
        { authorization },
      );
      expect(refused.status).toBe(400);
      await send();
      expect(received()).toEqual([]);

      expect((await auth.json('/auth/password', words, { authorization })).status).toBe(200);
      await send();
      expect(changed()).toHaveLength(1);
      const { text = '' } = received()[0] ?? {};
      expect(text).toContain(
        new Date(auth.clock.now()).toISOString().slice(0, 16).replace('T', ' at '),
      );
      expect(text).not.toMatch(/https?:|www\.|another horse/);
    });

    it('sends a message when the operator resets the password', async () => {
      const accountId = await createOwner();
      await auth.app
        .get(AccountOperationsService)
        .changePassword(accountId, 'one of the operator', { by: 'operator' });
      await send();
      expect(changed()).toHaveLength(1);
    });
  });

  it('sends a message once when two replicas send at the same time', async () => {
    await enqueue(await createOwner());
    await Promise.all([send(), send(other), send(), send(other)]);
    await send();
    expect(received()).toHaveLength(1);
  });

  it('sends at most one message of a kind per hour', async () => {
    const accountId = await createOwner();
    await Promise.all([enqueue(accountId), enqueue(accountId), enqueue(accountId)]);
    await send();
    await enqueue(accountId);
    await send();
    expect(received()).toHaveLength(1);
    pass(3600);
    await enqueue(accountId);
    await send();
    expect(received()).toHaveLength(2);
  });

  it('retries a message after growing delays while the mail server rejects it', async () => {
    const accountId = await createOwner();
    await enqueue(accountId);
    mailbox.isRefusing = true;
    await send();
    await send();
    expect(await findRow(accountId)).toMatchObject({ attempts: 1, sent: null });
    pass(91);
    await send();
    expect(await findRow(accountId)).toMatchObject({ attempts: 2, sent: null });
    mailbox.isRefusing = false;
    pass(91);
    await send();
    expect(received()).toHaveLength(0);
    pass(91);
    await send();
    expect(received()).toHaveLength(1);
    expect(await findRow(accountId)).toMatchObject({ attempts: 3, next: null });
  });

  it('gives up a message after eight attempts', async () => {
    const accountId = await createOwner();
    await enqueue(accountId);
    mailbox.isRefusing = true;
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await send();
      pass(4 * 3600);
    }
    expect(await findRow(accountId)).toEqual({ attempts: 8, next: null, sent: null });
  });

  it('sends no message when its change is rolled back', async () => {
    const accountId = await createOwner();
    const unitOfWork = auth.app.get(UnitOfWork);
    const change = unitOfWork.transaction(async () => {
      await enqueue(accountId);
      throw new Error('rolled back');
    });
    await expect(change).rejects.toThrow('rolled back');
    await send();
    expect(received()).toHaveLength(0);
  });

  it('deletes a message a month after it was sent', async () => {
    const accountId = await createOwner();
    await enqueue(accountId);
    await send();
    const cleanUp = () => auth.app.get(Scheduler).runNow('janitor');
    pass(29 * 86_400);
    await cleanUp();
    expect(await findRow(accountId)).toBeDefined();
    pass(2 * 86_400);
    await cleanUp();
    expect(await findRow(accountId)).toBeUndefined();
  });
});

describe('the SMTP notifier', () => {
  const message = {
    id: 'id',
    kind: 'refresh_token_reused',
    accountId: 'acct_1',
    to: 'owner@gatehouse.example',
    subject: 'subject',
    text: 'text',
  } as const;
  const startServer = async (configure: (server: Server) => void): Promise<[Server, number]> => {
    const server = createServer();
    configure(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return [server, address.port];
  };

  it('gives up at the deadline when the mail server does not answer', async () => {
    const sockets: { destroy(): void }[] = [];
    const [server, port] = await startServer((silent) =>
      silent.on('connection', (socket) => sockets.push(socket)),
    );
    const notifier = new SmtpNotifier({ url: `smtp://127.0.0.1:${port}`, from: 'a@b.example' });
    await expect(notifier.send(message, AbortSignal.timeout(200))).rejects.toThrow('in time');
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('never sends a password over an unencrypted connection', async () => {
    const mailbox = new TestMailServer();
    const url = (await mailbox.start()).replace('//', '//user:password@');
    const notifier = new SmtpNotifier({ url, from: 'a@b.example' });
    await expect(notifier.send(message, AbortSignal.timeout(5_000))).rejects.toThrow(/TLS/i);
    expect(mailbox.mails).toEqual([]);
    await mailbox.stop();
  });
});

describe('the name of a device', () => {
  it.each([
    [FIREFOX, 'Firefox on Linux'],
    [
      'Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0',
      'Edge on Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1',
      'Safari on iOS',
    ],
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/141.0 Safari/537.36',
      'Chrome on Linux',
    ],
    ['visit https://phish.example now', 'an unknown device'],
    [null, 'an unknown device'],
  ])('derives the device name from the User-Agent %s', (userAgent, expected) => {
    expect(describeDevice(userAgent)).toBe(expected);
  });
});
