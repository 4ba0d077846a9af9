import {
  type KeyPeriods,
  type KeyRotationPlan,
  type KeyStep,
  type PlannedKey,
  toTransitions,
} from '../../src/tokens/keys/key-rotation-plan.js';
import type { SigningAlgorithm } from '../../src/tokens/keys/signing-key.entity.js';

export const SECOND = 1000;
export const DAY = 86_400 * SECOND;

/** Rows of signing keys without a database: it applies steps to a list, as `SigningKeyRepository` applies them to the table. */
export class InMemorySigningKeys {
  private count = 0;
  /** Oldest first. */
  all: readonly PlannedKey[] = [];

  get published(): readonly PlannedKey[] {
    return this.all.filter(({ state }) => state !== 'retired' && state !== 'revoked');
  }

  stage(algorithm: SigningAlgorithm, now: number): void {
    this.count += 1;
    const kid = `key-${this.count}`;
    this.all = [...this.all, { kid, algorithm, state: 'pending', changedAt: now }];
  }

  setState(kid: string, to: PlannedKey['state'], now: number): void {
    this.all = this.all.map((key) =>
      key.kid === kid ? { ...key, state: to, changedAt: now } : key,
    );
  }

  applyStep(step: KeyStep, now: number): void {
    if (step.kind === 'stage') this.stage(step.algorithm, now);
    else for (const { kid, to } of toTransitions(step, this.published)) this.setState(kid, to, now);
  }

  /** @returns the steps that were due */
  applyDueSteps(plan: KeyRotationPlan, now: number): readonly KeyStep[] {
    const steps: KeyStep[] = [];
    for (;;) {
      const step = plan.findDueStep(this.published, now);
      if (!step) return steps;
      if (steps.length > 10) throw new Error('the plan does not end');
      this.applyStep(step, now);
      steps.push(step);
    }
  }
}

export const HOURLY_PERIODS: KeyPeriods = {
  rotationMs: 3600 * SECOND,
  publishedBeforeMs: 425 * SECOND,
  publishedAfterMs: 3845 * SECOND,
};
