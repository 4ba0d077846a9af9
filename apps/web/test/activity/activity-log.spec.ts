import { Clock } from '@gatehouse/service-kit';
import { ActivityLog, LIMITS, type RequestFacts } from '../../src/activity/activity-log.js';
import { readChallenge } from '../../src/activity/drill-servers.js';

class MovedClock extends Clock {
  nowMs = 1_800_000_000_000;
  override now = () => this.nowMs;
}

const aRequest = (url: string, claims = {}): RequestFacts => ({
  kind: 'request',
  method: 'GET',
  url,
  status: 200,
  milliseconds: 3,
  claims,
});

describe('the activity log', () => {
  let clock: MovedClock;
  let log: ActivityLog;

  beforeEach(() => {
    clock = new MovedClock();
    log = new ActivityLog(clock);
  });

  const record = (sessionId: string, url = 'http://localhost:3001/orders') =>
    log.record({ sessionId, clickId: 'a-click' }, aRequest(url));
  const urlsOf = (sessionId: string) =>
    log.list(sessionId, 0).map((entry) => (entry.kind === 'request' ? entry.url : entry.step));

  it('shows a session its own requests only', () => {
    record('mine', '/mine');
    record('other', '/other');
    expect(urlsOf('mine')).toEqual(['/mine']);
    expect(urlsOf('unknown')).toEqual([]);
  });

  it('lists the entries that the panel has not read yet', () => {
    ['/1', '/2', '/3'].forEach((url) => record('mine', url));
    expect(log.list('mine', 2)).toMatchObject([{ id: 3, url: '/3', click: 'a-click' }]);
    expect(log.list('mine', 3)).toEqual([]);
  });

  it('keeps the ids when old entries are dropped, so that the panel misses none', () => {
    for (let count = 0; count <= LIMITS.entriesPerSession; count += 1) record('mine', `/${count}`);
    const entries = log.list('mine', 0);
    expect(entries).toHaveLength(LIMITS.entriesPerSession);
    expect([entries[0]?.id, entries.at(-1)?.id]).toEqual([2, LIMITS.entriesPerSession + 1]);
  });

  it('keeps the sessions with the latest requests', () => {
    for (let count = 0; count < LIMITS.sessions; count += 1) record(`session ${count}`);
    record('session 0');
    record('one more');
    expect(urlsOf('session 0')).toHaveLength(2);
    expect(urlsOf('session 1')).toEqual([]);
    expect(urlsOf('session 2')).toHaveLength(1);
  });

  it('forgets requests after some minutes', () => {
    record('mine', '/old');
    clock.nowMs += LIMITS.ageMs + 1;
    expect(urlsOf('mine')).toEqual([]);
    record('other', '/new');
    clock.nowMs -= LIMITS.ageMs + 1;
    expect(urlsOf('mine')).toEqual([]);
  });

  it('cuts what another server can make long', () => {
    const text = 'x'.repeat(LIMITS.claimsCharacters);
    log.record({ sessionId: 'mine' }, { ...aRequest(text, { roles: text }), error: text });
    const [entry] = log.list('mine', 0);
    expect(JSON.stringify(entry).length).toBeLessThan(2 * LIMITS.textCharacters + 200);
    expect(entry).toHaveProperty('claims', undefined);
  });

  it('ignores requests that belong to no session', () => {
    const sent = { target: 'auth', method: 'POST', url: '/oauth/token', status: 200 } as const;
    log.observe({ ...sent, startedAt: 0, durationMs: 1 });
    expect(urlsOf('')).toEqual([]);
  });

  it('shows the generation of a refresh, and the error of a refused one', () => {
    const sent = {
      target: 'auth',
      method: 'POST',
      url: '/oauth/token',
      sessionId: 'mine',
    } as const;
    const times = { startedAt: 0, durationMs: 1 };
    log.observe({ ...sent, ...times, status: 200, generation: 4 });
    log.observe({ ...sent, ...times, status: 400, error: 'invalid_grant' });
    expect(log.list('mine', 0)).toMatchObject([{ generation: 4 }, { error: 'invalid_grant' }]);
  });
});

describe('the reason of a refusal', () => {
  it.each([
    [
      'Bearer error="invalid_token", error_description="wrong audience"',
      'invalid_token: wrong audience',
    ],
    ['Bearer realm="orders", error="insufficient_scope", scope="a"', 'insufficient_scope'],
    ['Bearer', undefined],
    [null, undefined],
  ])('comes from the challenge %s (RFC 6750 §3)', (header, reason) => {
    expect(readChallenge(header)).toBe(reason);
  });
});
