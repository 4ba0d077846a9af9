import * as fc from 'fast-check';
import { type Answer, compactJws, generateSigningKey } from '../../testing/index.js';
import { StatusScenario } from '../support/status-scenario.js';
import { it } from '../support/slow-test.js';

/** Less than the `ttl` of the list, so that the option and not the `ttl` keeps the bound. */
const MAX_AGE = 6;
const MAX_STALE = 60;
/** A failed fetch is repeated within `maxAgeSeconds`. The test clock advances by whole seconds. */
const RECOVERY = MAX_AGE + 1;

const foreignKey = generateSigningKey('ES256');
const outages: readonly Answer[] = [
  (_request, response) => response.writeHead(500).end(),
  (_request, response) => response.writeHead(404).end(),
  (request) => request.socket.destroy(),
  (_request, response) => response.setHeader('content-type', 'text/html').end('<p>Sorry</p>'),
  (_request, response) => {
    const list = compactJws({ typ: 'statuslist+jwt', alg: 'ES256', kid: 'x' }, {}, foreignKey);
    response.setHeader('content-type', 'application/statuslist+jwt').end(list);
  },
];

const step = fc.oneof(
  { weight: 2, arbitrary: fc.constant({ do: 'issue' } as const) },
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
  revokedAt?: number;
}

/** Records the events of each second and checks the verdicts that must follow. */
class Timeline {
  private readonly sessions: Session[] = [];
  private second = 0;
  private isFailing = false;
  /** The last second in which the list was unavailable. */
  private lastFailing = -Infinity;
  /** The last second at which the list had been available long enough for a fetch. */
  private lastAvailable = 0;

  constructor(private readonly scenario: StatusScenario) {}

  async apply(one: Step): Promise<void> {
    if (one.do === 'issue') this.sessions.push({ token: this.scenario.token() });
    if (one.do === 'revoke') this.revoke(one.which);
    if (one.do === 'fail') this.fail(one.how);
    if (one.do === 'recover') this.recover();
    if (one.do === 'wait') for (let i = 0; i < one.seconds; i += 1) await this.advanceOneSecond();
  }

  private revoke(which: number): void {
    const session = this.sessions[which % this.sessions.length];
    if (!session || session.revokedAt !== undefined) return;
    session.revokedAt = this.second;
    this.scenario.issuer.revoke(session.token);
  }

  private fail(how: number): void {
    this.isFailing = true;
    const outage = outages[how % outages.length];
    if (outage) this.scenario.issuer.statusList.answer(outage);
  }

  private recover(): void {
    this.isFailing = false;
    this.scenario.issuer.statusList.up();
  }

  private async advanceOneSecond(): Promise<void> {
    this.scenario.clock.advance({ seconds: 1 });
    this.second += 1;
    if (this.isFailing) this.lastFailing = this.second;
    if (this.second - this.lastFailing > RECOVERY) this.lastAvailable = this.second;
    await this.scenario.settled();
    for (const session of this.sessions) {
      this.judge(session, await this.scenario.settledVerdict(session.token));
    }
  }

  private judge({ revokedAt }: Session, verdict: string): void {
    if (revokedAt === undefined) {
      const isKnown = this.second - this.lastAvailable <= MAX_STALE - MAX_AGE;
      expect(isKnown ? ['accepted'] : ['accepted', 'status_unavailable']).toContain(verdict);
    } else if (verdict === 'accepted') {
      const bound = this.second === this.lastAvailable ? MAX_AGE : MAX_STALE;
      expect(this.second - revokedAt).toBeLessThanOrEqual(bound);
    } else {
      expect(['revoked', 'status_unavailable']).toContain(verdict);
    }
  }
}

it('accepts a revoked token no longer than the bound and refuses no other while the list is available', async () => {
  const statusLists = { maxAgeSeconds: MAX_AGE, maxStaleSeconds: MAX_STALE, timeoutMs: 30_000 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 30 }), async (steps) => {
      const scenario = await StatusScenario.start({ statusLists });
      try {
        await scenario.issuers.ready();
        const timeline = new Timeline(scenario);
        await timeline.apply({ do: 'issue' });
        for (const one of steps) await timeline.apply(one);
      } finally {
        await scenario.close();
      }
    }),
    { numRuns: 12, endOnFailure: true },
  );
});
