import { Scheduler, UnitOfWork } from '@gatehouse/persistence';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { EmailActionRepository } from '../../src/accounts/email-action.repository.js';
import {
  EmailActionService,
  type NewEmailAction,
} from '../../src/accounts/email-action.service.js';
import { AccountErasureService } from '../../src/sessions/account-erasure.service.js';
import { anAccount } from '../support/factories.js';
import { TestMailServer } from '../support/test-mail-server.js';
import { TestAuth, toDatabaseSettings } from '../support/test-auth.js';

const KINDS = ['reset_password'] as const;

eachDatabase('an action that the owner of an e-mail address confirms', (fresh, name) => {
  const mailServer = new TestMailServer();
  let auth: TestAuth;
  /** Another replica on PostgreSQL; the same process on SQLite. */
  let other: TestAuth;
  let count = 0;

  beforeAll(async () => {
    const settings = { ...toDatabaseSettings(await fresh()), SMTP_URL: await mailServer.start() };
    auth = await TestAuth.start(settings);
    other = name === 'PostgreSQL' ? await TestAuth.start(settings) : auth;
  });
  afterAll(() => mailServer.stop());

  const anAddress = () => `action-${(count += 1)}@gatehouse.example`;
  const actions = (on = auth) => on.app.get(EmailActionService);
  const save = (action: Partial<NewEmailAction> & { email: string }) =>
    actions().save({ kind: 'reset_password', language: 'en', ...action });
  const find = (token: string) => actions().findByLink(KINDS, token);
  const tenTimes = <T>(call: (on: TestAuth) => Promise<T>) =>
    Promise.all(Array.from({ length: 10 }, (_, n) => call(n % 2 === 0 ? auth : other)));
  const succeeded = (results: readonly unknown[]) => results.filter((result) => result === 'done');
  const apply = () => Promise.resolve('done');

  it('applies one of ten claims of the same link at the same time, on two replicas', async () => {
    const token = actions().createLinkToken(await save({ email: anAddress() }));
    const results = await tenTimes(async (on) => {
      const action = await actions(on).findByLink(KINDS, token);
      return action && actions(on).claim(action, apply);
    });
    expect(succeeded(results)).toHaveLength(1);
    expect(await find(token)).toBeUndefined();
  });

  it('applies one of ten claims by the same code at the same time, on two replicas', async () => {
    const id = await save({ email: anAddress() });
    const code = actions().createCode(id);
    const results = await tenTimes((on) => actions(on).claimByCode(KINDS, { id, code }, apply));
    expect(succeeded(results)).toHaveLength(1);
  });

  it('compares five codes of an action, also when ten guesses arrive at the same time', async () => {
    const id = await save({ email: anAddress() });
    const code = actions().createCode(id);
    const wrong = String((Number(code) + 1) % 10 ** 8).padStart(8, '0');
    await tenTimes((on) => actions(on).claimByCode(KINDS, { id, code: wrong }, apply));
    expect(await actions().claimByCode(KINDS, { id, code }, apply)).toBeUndefined();
    const again = await save({ email: anAddress() });
    for (let guess = 0; guess < 4; guess += 1)
      await actions().claimByCode(KINDS, { id: again, code: wrong }, apply);
    const right = { id: again, code: actions().createCode(again) };
    expect(await actions().claimByCode(KINDS, right, apply)).toBe('done');
  });

  it('rejects the link and the code of an action that a newer one replaced', async () => {
    const email = anAddress();
    const first = await save({ email });
    const second = await save({ email });
    const right = { id: first, code: actions().createCode(first) };
    expect(await actions().claimByCode(KINDS, right, apply)).toBeUndefined();
    expect(await find(actions().createLinkToken(first))).toBeUndefined();
    expect(await find(actions().createLinkToken(second))).toMatchObject({ id: second, email });
  });

  it('rejects a link of another kind, a changed link and an expired link', async () => {
    const token = actions().createLinkToken(await save({ email: anAddress() }));
    expect(await actions().findByLink(['change_email', 'register'], token)).toBeUndefined();
    expect(await find(`${token.slice(0, -1)}${token.endsWith('A') ? 'E' : 'A'}`)).toBeUndefined();
    expect(await find('')).toBeUndefined();
    auth.clock.advance({ seconds: 3_600 });
    expect(await find(token)).toBeUndefined();
    auth.clock.advance({ seconds: -3_600 });
  });

  it('keeps the claim when the change fails, so that the person can try again', async () => {
    const token = actions().createLinkToken(await save({ email: anAddress() }));
    const action = await find(token);
    const failing = () => Promise.reject(new Error('the change failed'));
    if (!action) throw new Error('no action');
    await expect(actions().claim(action, failing)).rejects.toThrow('the change failed');
    expect(await actions().claim(action, apply)).toBe('done');
  });

  it('stores neither the token of the link nor the code', async () => {
    const id = await save({ email: anAddress() });
    const rows = await auth.app
      .get(UnitOfWork)
      .query('SELECT * FROM email_action WHERE id = $1', [id]);
    const stored = JSON.stringify(rows);
    expect(stored).toContain(id);
    expect(stored).not.toContain(actions().createCode(id));
    expect(stored).not.toContain(actions().createLinkToken(id).slice(30));
  });

  it('sends each mail once when two replicas send at the same time, and again after a failure, with the same link', async () => {
    const { email } = await anAccount(auth, anAddress());
    const token = actions().createLinkToken(await save({ email }));
    mailServer.isRefusing = true;
    await auth.app.get(Scheduler).runNow('e-mail-actions');
    mailServer.isRefusing = false;
    for (const one of new Set([auth, other])) one.clock.advance({ seconds: 60 });
    mailServer.mails.length = 0;
    await Promise.all([auth, other].map((on) => on.app.get(Scheduler).runNow('e-mail-actions')));
    const subject = 'Choose a new password';
    const mails = mailServer.mails.filter(
      ({ to, text }) => to.includes(email) && text.includes(subject),
    );
    expect(mails).toHaveLength(1);
    const text = (mails[0]?.text ?? '').replaceAll('=\r\n', '').replaceAll('=3D', '=');
    expect(text).toContain(`/reset-password?token=${token}`);
  });

  it('deletes the actions of an erased account and of its address', async () => {
    const { id: accountId, email } = await anAccount(auth, anAddress());
    const reset = actions().createLinkToken(await save({ email }));
    const change = await save({ kind: 'change_email', accountId, email: anAddress() });
    await auth.app.get(AccountErasureService).erase(accountId, 'owner');
    expect(await find(reset)).toBeUndefined();
    expect(await auth.app.get(EmailActionRepository).find(change)).toBeUndefined();
  });
});
