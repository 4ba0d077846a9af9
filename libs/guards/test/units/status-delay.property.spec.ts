import * as fc from 'fast-check';
import { type Answer, compactJws, generateSigningKey } from '../../testing/index.js';
import { StatusScenario } from '../support/status-scenario.js';

/** Less than the list's own `ttl`, which must not be what keeps the bound. */
const MAX_AGE = 6;
const MAX_STALE = 60;
/** A fetch that failed is tried again within `maxAgeSeconds`; the clock of these tests goes by whole seconds. */
const RECOVERY = MAX_AGE + 1;

const stranger = generateSigningKey('ES256');
const outages: readonly Answer[] = [
  (_request, response) => response.writeHead(500).end(),
  (_request, response) => response.writeHead(404).end(),
  (request) => request.socket.destroy(),
  (_request, response) => response.setHeader('content-type', 'text/html').end('<p>Sorry</p>'),
  (_request, response) => {
    const list = compactJws({ typ: 'statuslist+jwt', alg: 'ES256', kid: 'x' }, {}, stranger);
    response.setHeader('content-type', 'application/statuslist+jwt').end(list);
  },
];

const step = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ do: 'mint' } as const) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('revoke' as const), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), how: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ do: 'recover' } as const) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('wait' as const),
      seconds: fc.integer({ min: 1, max: 40 }),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Session {
  readonly token: string;
  endedAt?: number;
}

/** What happened, by the second, and what has to follow from it. */
class Weather {
  private readonly sessions: Session[] = [];
  private second = 0;
  private isFailing = false;
  /** The last second in which the list could not be had. */
  private lastFailing = -Infinity;
  /** The last second at which it had been to be had for long enough. */
  private lastHad = 0;

  constructor(private readonly it: StatusScenario) {}

  async take(one: Step): Promise<void> {
    if (one.do === 'mint') this.sessions.push({ token: this.it.token() });
    if (one.do === 'revoke') this.revoke(one.which);
    if (one.do === 'fail') this.fail(one.how);
    if (one.do === 'recover') this.recover();
    if (one.do === 'wait') for (let i = 0; i < one.seconds; i += 1) await this.aSecond();
  }

  private revoke(which: number): void {
    const session = this.sessions[which % this.sessions.length];
    if (!session || session.endedAt !== undefined) return;
    session.endedAt = this.second;
    this.it.issuer.revoke(session.token);
  }

  private fail(how: number): void {
    this.isFailing = true;
    const outage = outages[how % outages.length];
    if (outage) this.it.issuer.statusList.answer(outage);
  }

  private recover(): void {
    this.isFailing = false;
    this.it.issuer.statusList.up();
  }

  private async aSecond(): Promise<void> {
    this.it.clock.advance({ seconds: 1 });
    this.second += 1;
    if (this.isFailing) this.lastFailing = this.second;
    if (this.second - this.lastFailing > RECOVERY) this.lastHad = this.second;
    await this.it.settled();
    for (const session of this.sessions) {
      this.judge(session, await this.it.settledVerdict(session.token));
    }
  }

  private judge({ endedAt }: Session, verdict: string): void {
    if (endedAt === undefined) {
      const isKnown = this.second - this.lastHad <= MAX_STALE - MAX_AGE;
      expect(isKnown ? ['accepted'] : ['accepted', 'status_unavailable']).toContain(verdict);
    } else if (verdict === 'accepted') {
      const bound = this.second === this.lastHad ? MAX_AGE : MAX_STALE;
      expect(this.second - endedAt).toBeLessThanOrEqual(bound);
    } else {
      expect(['revoked', 'status_unavailable']).toContain(verdict);
    }
  }
}

it('no ended session passes for longer than the bound, and no other is refused while the list can be had', async () => {
  const statusLists = { maxAgeSeconds: MAX_AGE, maxStaleSeconds: MAX_STALE, timeoutMs: 30_000 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
      const it = await StatusScenario.start({ statusLists });
      try {
        await it.issuers.ready();
        const weather = new Weather(it);
        await weather.take({ do: 'mint' });
        for (const one of steps) await weather.take(one);
      } finally {
        await it.close();
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
});
