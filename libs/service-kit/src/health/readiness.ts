import { Inject, Injectable, Logger } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import { HEALTH_CHECKS, type HealthChecks } from './health-checks.js';

type Answer = 'up' | 'down';

const deadlineMs = 2_000;

/** Runs the checks side by side. Why one is down is for the log; callers learn its name and no more. */
@Injectable()
export class Readiness {
  private readonly logger = new Logger('Readiness');

  constructor(
    private readonly indicators: HealthIndicatorService,
    @Inject(HEALTH_CHECKS) private readonly checks: HealthChecks,
  ) {}

  async answers(): Promise<Record<string, Answer>> {
    const names = Object.keys(this.checks);
    const answers = await Promise.all(names.map((name) => this.answer(name)));
    return Object.fromEntries(names.map((name, at) => [name, answers[at] ?? 'down']));
  }

  private async answer(name: string): Promise<Answer> {
    const attempt = this.indicators
      .check(name)
      .attempt(async () => void (await this.checks[name]?.()));
    const { [name]: result } = await attempt.withTimeout(deadlineMs);
    if (result?.status === 'up') return 'up';
    this.logger.warn(`${name} is down: ${JSON.stringify(result)}`);
    return 'down';
  }
}
