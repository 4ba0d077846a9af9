/** Each resolves when what it names can be used, and rejects when it cannot. */
export type HealthChecks = Readonly<Record<string, () => Promise<unknown>>>;

export const HEALTH_CHECKS = Symbol('HEALTH_CHECKS');
