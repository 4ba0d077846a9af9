import { createHash, randomBytes } from 'node:crypto';
import { ActivityLog } from '../../src/activity/activity-log.js';
import { ActivityModule } from '../../src/activity/activity.module.js';
import { UPSTREAM_OBSERVER } from '../../src/upstream/upstream-observer.js';
import { webConfig } from '../../src/web.config.js';
import { FROM_PAGE, useRunningWeb } from '../support/running-web.js';

const DRILL = '/activity/drills/wrong-audience';

describe('a server without DEMO_ACTIVITY', () => {
  const web = useRunningWeb();

  it('answers 404 to the routes and the drills of the panel', async () => {
    await web.request().get('/activity').set(FROM_PAGE).expect(404);
    await web.request().post(DRILL).set(FROM_PAGE).expect(404);
  });

  it('runs no code of the panel for a request', () => {
    expect(() => web.get(ActivityModule)).toThrow();
    expect(() => web.get<unknown>(UPSTREAM_OBSERVER)).toThrow();
  });

  it('does not tell the page to load the panel', async () => {
    const { body } = await web.request().get('/session').set(FROM_PAGE);
    expect(body).not.toHaveProperty('activity');
  });

  it('refuses the flag in production', () => {
    const settings = { NODE_ENV: 'production', DEMO_ACTIVITY: 'true' };
    expect(() => webConfig(settings)).toThrow(/DEMO_ACTIVITY/);
    expect(() => webConfig({ NODE_ENV: 'production' })).not.toThrow(/DEMO_ACTIVITY/);
  });

  it.each(['http://192.0.2.1:4000', 'http://launcher.example', 'not a URL'])(
    'refuses the launcher at %s, because only the loopback interface is private',
    (DEMO_CONTROL_URL) => {
      expect(() => webConfig({ DEMO_CONTROL_URL })).toThrow(/DEMO_CONTROL_URL/);
    },
  );
});

describe('a server with DEMO_ACTIVITY', () => {
  const web = useRunningWeb(() => ({ DEMO_ACTIVITY: 'true' }));

  it('shows the requests of the session whose cookie the browser sends, and no others', async () => {
    const [secret, other] = [randomBytes(32), randomBytes(32)].map((each) =>
      each.toString('base64url'),
    );
    const sessionId = createHash('sha256').update(`${secret}`).digest('base64url');
    web.get(ActivityLog).observe({
      ...{ sessionId, target: 'orders', method: 'GET', url: 'http://localhost:3001/orders' },
      ...{ startedAt: 0, durationMs: 4, status: 200, claims: { sub: 'acct_1' } },
    });
    const read = async (value: string | undefined) => {
      const cookie = `__Host-session=${value}`;
      const { body } = await web
        .request()
        .get('/activity')
        .set({ ...FROM_PAGE, cookie })
        .expect(200);
      return body.entries;
    };
    expect(await read(secret)).toMatchObject([{ id: 1, status: 200, claims: { sub: 'acct_1' } }]);
    expect(await read(other)).toEqual([]);
    expect(await read(sessionId)).toEqual([]);
  });

  it.each([
    ['a page of another origin', { ...FROM_PAGE, origin: 'https://attacker.example' }],
    ['a page that cannot set headers', { origin: FROM_PAGE.origin }],
  ])('refuses %s', async (_, headers) => {
    await web.request().get('/activity').set(headers).expect(403);
    await web.request().post(DRILL).set(headers).expect(403);
  });

  it.each(['-1', 'x', '1e999'])('refuses to list entries after %s', async (after) => {
    await web.request().get(`/activity?after=${after}`).set(FROM_PAGE).expect(400);
  });

  it('refuses a drill without a session', async () => {
    const { body } = await web.request().post(DRILL).set(FROM_PAGE).expect(401);
    expect(body).toMatchObject({ code: 'sign_in_required' });
  });

  it.each(['unknown', 'constructor', 'stop-auth', 'rotate-keys'])(
    'has no drill %s without the launcher',
    async (name) => {
      await web.request().post(`/activity/drills/${name}`).set(FROM_PAGE).expect(404);
    },
  );

  it('tells the panel that the launcher is missing, as in containers', async () => {
    const { body } = await web.request().get('/activity').set(FROM_PAGE).expect(200);
    expect(body).toEqual({
      entries: [],
      hasLauncher: false,
      mailboxUrl: 'http://localhost:9/dev/mailbox',
    });
  });
});
