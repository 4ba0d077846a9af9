import { UnitOfWork } from '@gatehouse/persistence';
import { Metrics } from '@gatehouse/service-kit';
import { PasswordHasher } from '../../src/accounts/password-hasher.js';
import { KeyRotationService } from '../../src/tokens/keys/key-rotation.service.js';
import { NotificationRepository } from '../../src/platform/notifications/notification.repository.js';
import { anAccount } from '../support/factories.js';
import { TestAuth } from '../support/test-auth.js';

describe('metrics of auth', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start({ REFRESH_GRACE_SECONDS: '10' });
    auth.app.get(Metrics).enable();
    await auth.registerClient({ id: 'service', secret: 'secret' });
  });
  afterAll(() => auth.stop());

  /** The values of all series of a metric, by their labels. */
  async function scrape(name: string): Promise<Record<string, number>> {
    const text = await auth.app.get(Metrics).renderText();
    const lines = [...text.matchAll(new RegExp(`^${name}(?:\\{(.*)\\})? (\\S+)$`, 'gm'))];
    return Object.fromEntries(lines.map(([, labels = '', value]) => [labels, Number(value)]));
  }

  /** The series whose values changed during the action, with the difference. */
  async function changes(name: string, action: () => Promise<unknown>) {
    const before = await scrape(name);
    await action();
    const after = Object.entries(await scrape(name));
    const changed = after.map(([labels, value]) => [labels, value - (before[labels] ?? 0)]);
    return Object.fromEntries(changed.filter(([, difference]) => difference !== 0));
  }

  it('exposes every grant, outcome and alarming event as 0 before the first one', async () => {
    expect(await scrape('access_tokens_issued_total')).toEqual({
      'grant="authorization_code"': 0,
      'grant="refresh_token"': 0,
      'grant="client_credentials"': 0,
      'grant="token_exchange"': 0,
      'grant="login"': 0,
    });
    expect(await scrape('refresh_tokens_presented_total')).toMatchObject({ 'outcome="reused"': 0 });
    expect(await scrape('security_events_total')).toMatchObject({
      'type="family.ended",reason="reuse"': 0,
      'type="login.failed",reason="wrong_password"': 0,
    });
  });

  it('counts access tokens by grant', async () => {
    const { refresh_token } = await auth.createLogin();
    const issue = async () => {
      await auth.createLogin();
      await auth.refresh(refresh_token);
      await auth.token({ grant_type: 'client_credentials' }, 'service:secret');
    };
    expect(await changes('access_tokens_issued_total', issue)).toEqual({
      'grant="login"': 1,
      'grant="refresh_token"': 1,
      'grant="client_credentials"': 1,
    });
  });

  it('counts presented refresh tokens by outcome, and the end of the session once', async () => {
    const { refresh_token } = await auth.createLogin();
    const present = (token: string) =>
      changes('refresh_tokens_presented_total', () => auth.refresh(token));
    expect(await present(refresh_token)).toEqual({ 'outcome="rotated"': 1 });
    expect(await present(refresh_token)).toEqual({ 'outcome="superseded"': 1 });
    auth.clock.advance({ seconds: 11 });
    const replay = async () => {
      expect(await present(refresh_token)).toEqual({ 'outcome="reused"': 1 });
      expect(await present(refresh_token)).toEqual({ 'outcome="ended"': 1 });
    };
    expect(await changes('security_events_total', replay)).toMatchObject({
      'type="family.ended",reason="reuse"': 1,
    });
    expect(await present('not made by this server')).toEqual({ 'outcome="invalid"': 1 });

    const { refresh_token: old } = await auth.createLogin();
    auth.clock.advance({ seconds: 400 * 86_400 });
    expect(await present(old)).toEqual({ 'outcome="expired"': 1 });
  });

  it('reports the age of each published key, from the instant at which it entered its state', async () => {
    await auth.app.get(KeyRotationService).applyDueSteps();
    const before = await scrape('signing_key_age_seconds');
    const states = Object.keys(before).map((labels) => /algorithm="\w+",state="\w+"/.exec(labels));
    expect(states.map((found) => found?.[0])).toEqual(
      expect.arrayContaining([
        'algorithm="ES256",state="active"',
        'algorithm="ES256",state="pending"',
      ]),
    );
    auth.clock.advance({ seconds: 100 });
    const grown = await changes('signing_key_age_seconds', () => Promise.resolve());
    expect(grown).toEqual({});
    for (const [labels, age] of Object.entries(await scrape('signing_key_age_seconds')))
      expect(age - (before[labels] ?? 0)).toBeCloseTo(100);
  });

  it('reports how old the published key set and the published status lists are', async () => {
    await auth.send('/oauth/status-lists/1', {});
    await auth.app.get(KeyRotationService).createMissingKeys();
    auth.clock.advance({ seconds: 7 });
    const [[, keySet] = []] = Object.entries(await scrape('published_key_set_age_seconds'));
    const [[, lists] = []] = Object.entries(await scrape('published_status_list_age_seconds'));
    expect([keySet, lists]).toEqual([expect.closeTo(7, 0), expect.closeTo(7, 0)]);
  });

  it('reports the age of the oldest message that was not sent', async () => {
    const lag = () => scrape('notification_delivery_lag_seconds');
    const send = () =>
      auth.app.get(UnitOfWork).execute('UPDATE notification SET next_attempt_at = NULL', []);
    await send();
    expect(await lag()).toEqual({ '': 0 });
    const { id: accountId } = await anAccount(auth, 'owner@gatehouse.example');
    await auth.app
      .get(NotificationRepository)
      .enqueue({ accountId, kind: 'password_changed', detail: {} });
    auth.clock.advance({ seconds: 30 });
    expect(await lag()).toEqual({ '': expect.closeTo(30, 0) });
    await send();
    expect(await lag()).toEqual({ '': 0 });
  });

  it('reports the password hashes that wait for a thread', async () => {
    const hasher = auth.app.get(PasswordHasher);
    const hashes = Array.from({ length: 10 }, () => hasher.hash('a password'));
    const [length] = Object.values(await scrape('password_hash_queue_length'));
    expect(length).toBeGreaterThan(0);
    await Promise.all(hashes);
    expect(await scrape('password_hash_queue_length')).toEqual({ '': 0 });
  });
});

describe('auth without a port for metrics', () => {
  it('counts nothing', async () => {
    const auth = await TestAuth.start();
    await auth.createLogin();
    const text = await auth.app.get(Metrics).renderText();
    expect(text).toContain('access_tokens_issued_total{grant="login"} 0');
    expect(text).not.toMatch(/^(?:access_tokens|security_events)\S*_total\S* [1-9]/m);
    await auth.stop();
  });
});
