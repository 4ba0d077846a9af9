import { createServer, type Server } from 'node:net';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { AccountOperationsService } from '../../src/sessions/account-operations.service.js';
import { describeDevice } from '../../src/platform/notifications/device-name.js';
import { NotificationRepository } from '../../src/platform/notifications/notification.repository.js';
import { SmtpNotifier } from '../../src/platform/notifications/notifier.js';
import { TestMailServer } from '../support/test-mail-server.js';
import { decodeClaims, PASSWORD, TestAuth, toDatabaseSettings } from '../support/test-auth.js';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

eachDatabase('a message to the owner of an account', (fresh, name) => {
  const mailbox = new TestMailServer();
  let auth: TestAuth;
  /** On PostgreSQL another replica; SQLite has one process. */
  let other: TestAuth;
  let people = 0;
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
    email = `owner-${(people += 1)}@gatehouse.example`;
    mailbox.mails.length = 0;
    mailbox.isRefusing = false;
  });

  const send = (on = auth) => on.app.get(Scheduler).runNow('notifications');
  const pass = (seconds: number) => {
    for (const one of new Set([auth, other])) one.clock.advance({ seconds });
  };
  const anAccount = async () => {
    await auth.register(email);
    const { body } = await auth.login(email);
    return String(decodeClaims(body['access_token'])['sub']);
  };
  const tell = (accountId: string, userAgent = FIREFOX) =>
    auth.app
      .get(NotificationRepository)
      .enqueue({ accountId, kind: 'refresh_token_reused', detail: { userAgent } });
  const mine = () => mailbox.mails.filter(({ to }) => to.includes(email));
  const row = async (accountId: string) => {
    const [found] = await auth.app
      .get(UnitOfWork)
      .query<{ attempts: number; next: number | null; sent: number | null }>(
        'SELECT attempts, next_attempt_at AS next, sent_at AS sent FROM notification WHERE account_id = $1',
        [accountId],
      );
    return found;
  };

  it('arrives when a refresh token was used again (RFC 9700 §4.14.2), and carries no link and no token', async () => {
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
    expect(mine()).toHaveLength(1);
    const { text = '' } = mine()[0] ?? {};
    expect(text).toMatch(/^From: gatehouse@service\.example\r$/m);
    expect(text).toMatch(/^Subject: We ended one of your sessions\r$/m);
    expect(text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(text).toContain('2026-11-23 at ');
    expect(text).toContain('Firefox on Linux');
    expect(text).not.toMatch(/https?:|www\./);
    expect(text).not.toContain(refresh_token.slice(0, 22));
  });

  describe('when the password was changed (OWASP ASVS 6.3.7)', () => {
    const changed = () => mine().filter(({ text }) => text.includes('Your password was changed'));

    it('arrives, says when, and carries neither password nor link', async () => {
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
      expect(mine()).toEqual([]);

      expect((await auth.json('/auth/password', words, { authorization })).status).toBe(200);
      await send();
      expect(changed()).toHaveLength(1);
      const { text = '' } = mine()[0] ?? {};
      expect(text).toContain(
        new Date(auth.clock.now()).toISOString().slice(0, 16).replace('T', ' at '),
      );
      expect(text).not.toMatch(/https?:|www\.|another horse/);
    });

    it('arrives as well when the operator reset it', async () => {
      const accountId = await anAccount();
      await auth.app
        .get(AccountOperationsService)
        .changePassword(accountId, 'one of the operator', { by: 'operator' });
      await send();
      expect(changed()).toHaveLength(1);
    });
  });

  it('is sent once when two replicas do it at once', async () => {
    await tell(await anAccount());
    await Promise.all([send(), send(other), send(), send(other)]);
    await send();
    expect(mine()).toHaveLength(1);
  });

  it('comes once in an hour, however often there is cause', async () => {
    const accountId = await anAccount();
    await Promise.all([tell(accountId), tell(accountId), tell(accountId)]);
    await send();
    await tell(accountId);
    await send();
    expect(mine()).toHaveLength(1);
    pass(3600);
    await tell(accountId);
    await send();
    expect(mine()).toHaveLength(2);
  });

  it('is tried again, later and later, while the mail server refuses it', async () => {
    const accountId = await anAccount();
    await tell(accountId);
    mailbox.isRefusing = true;
    await send();
    await send();
    expect(await row(accountId)).toMatchObject({ attempts: 1, sent: null });
    pass(91);
    await send();
    expect(await row(accountId)).toMatchObject({ attempts: 2, sent: null });
    mailbox.isRefusing = false;
    pass(91);
    await send();
    expect(mine()).toHaveLength(0);
    pass(91);
    await send();
    expect(mine()).toHaveLength(1);
    expect(await row(accountId)).toMatchObject({ attempts: 3, next: null });
  });

  it('is given up after eight attempts', async () => {
    const accountId = await anAccount();
    await tell(accountId);
    mailbox.isRefusing = true;
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await send();
      pass(4 * 3600);
    }
    expect(await row(accountId)).toEqual({ attempts: 8, next: null, sent: null });
  });

  it('is not lost, nor sent, with a change that is taken back', async () => {
    const accountId = await anAccount();
    const unitOfWork = auth.app.get(UnitOfWork);
    const change = unitOfWork.transaction(async () => {
      await tell(accountId);
      throw new Error('changed its mind');
    });
    await expect(change).rejects.toThrow('changed its mind');
    await send();
    expect(mine()).toHaveLength(0);
  });

  it('is cleared away a month after it was sent, and not before', async () => {
    const accountId = await anAccount();
    await tell(accountId);
    await send();
    const clear = () => auth.app.get(Scheduler).runNow('janitor');
    pass(29 * 86_400);
    await clear();
    expect(await row(accountId)).toBeDefined();
    pass(2 * 86_400);
    await clear();
    expect(await row(accountId)).toBeUndefined();
  });
});

describe('the mail of a server', () => {
  const message = {
    id: 'id',
    kind: 'refresh_token_reused',
    accountId: 'acct_1',
    to: 'owner@gatehouse.example',
    subject: 'subject',
    text: 'text',
  } as const;
  const serverThat = async (answer: (server: Server) => void): Promise<[Server, number]> => {
    const server = createServer();
    answer(server);
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return [server, address.port];
  };

  it('is given up at the deadline when the mail server says nothing', async () => {
    const sockets: { destroy(): void }[] = [];
    const [server, port] = await serverThat((silent) =>
      silent.on('connection', (socket) => sockets.push(socket)),
    );
    const notifier = new SmtpNotifier({ url: `smtp://127.0.0.1:${port}`, from: 'a@b.example' });
    await expect(notifier.send(message, AbortSignal.timeout(200))).rejects.toThrow('in time');
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('never sends a password over a connection that is not encrypted', async () => {
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
  ])('of %s', (userAgent, expected) => {
    expect(describeDevice(userAgent)).toBe(expected);
  });
});
