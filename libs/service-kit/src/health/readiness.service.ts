import { Inject, Injectable, Logger } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';

/** Each check resolves when the named dependency is usable, and rejects when it is not. */
export type HealthChecks = Readonly<Record<string, () => Promise<unknown>>>;

export const HEALTH_CHECKS = Symbol('HEALTH_CHECKS');

type CheckResult = 'up' | 'down';

const CHECK_TIMEOUT_MS = 2_000;

/** Runs the checks in parallel. Callers see the names of failed checks, and the log has the reasons. */
@Injectable()
export class ReadinessService {
  private readonly logger = new Logger('Readiness');

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
    if (result?.status === 'up') return 'up';
    this.logger.warn(`${name} is down: ${JSON.stringify(result)}`);
    return 'down';
  }
}
