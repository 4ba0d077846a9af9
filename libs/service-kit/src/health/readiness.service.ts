import { Inject, Injectable, Logger } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';

/** Each check resolves when the named dependency is usable, and rejects when it is not. */
export type HealthChecks = Readonly<Record<string, () => Promise<unknown>>>;

export const HEALTH_CHECKS = Symbol('HEALTH_CHECKS');

type CheckResult = 'up' | 'down';

const CHECK_TIMEOUT_MS = 2_000;
const LOG_INTERVAL_MS = 60_000;

/** Runs the checks in parallel. Callers see the names of failed checks, and the log has the reasons. */
@Injectable()
export class ReadinessService {
  private readonly logger = new Logger('Readiness');
  /** When the failure of a check was logged last, by the check's name. */
  private readonly loggedAt = new Map<string, number>();

  constructor(
    private readonly indicators: HealthIndicatorService,
    @Inject(HEALTH_CHECKS) private readonly checks: HealthChecks,
  ) {}

  async checkAll(): Promise<Record<string, CheckResult>> {
    const names = Object.keys(this.checks);
    const answers = await Promise.all(names.map((name) => this.check(name)));
    return Object.fromEntries(names.map((name, at) => [name, answers[at] ?? 'down']));
  }

  private async check(name: string): Promise<CheckResult> {
    const attempt = this.indicators
      .check(name)
      .attempt(async () => void (await this.checks[name]?.()));
    const { [name]: result } = await attempt.withTimeout(CHECK_TIMEOUT_MS);
    if (result?.status === 'up') {
      if (this.loggedAt.delete(name)) this.logger.log(`${name} is up again`);
      return 'up';
    }
    this.logFailure(name, result);
    return 'down';
  }

  /** Once a minute, because a load balancer asks every few seconds. */
  private logFailure(name: string, result: unknown): void {
    const now = performance.now();
    if (now - (this.loggedAt.get(name) ?? -Infinity) < LOG_INTERVAL_MS) return;
    this.loggedAt.set(name, now);
    this.logger.warn(`${name} is down: ${JSON.stringify(result)}`);
  }
}
