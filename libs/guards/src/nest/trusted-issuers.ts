import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { TrustedIssuer } from '../core/trusted-issuer.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';

/** The configured issuers, and no others: what a token says of its issuer only chooses among them. */
@Injectable()
export class TrustedIssuers implements OnModuleDestroy {
  private readonly byName: ReadonlyMap<unknown, TrustedIssuer>;

  constructor(@Inject(GUARDS_OPTIONS) options: ResolvedGuardsOptions) {
    this.byName = new Map(
      options.issuers.map((rules) => [rules.issuer, new TrustedIssuer(rules, options)]),
    );
  }

  /** The one, where there is just one. */
  get only(): TrustedIssuer | undefined {
    return this.byName.size === 1 ? [...this.byName.values()][0] : undefined;
  }

  get names(): readonly string[] {
    return [...this.byName.values()].map(({ rules }) => rules.issuer);
  }

  /** By `iss`, character by character. */
  named(iss: unknown): TrustedIssuer | undefined {
    return this.byName.get(iss);
  }

  /**
   * Resolves when tokens of at least one issuer can be verified, fetching keys and status lists where there are none: an
   * issuer that is down must not take the callers of the others with it. For readiness probes.
   *
   * @throws KeysUnavailable or StatusUnavailable
   */
  async ready(): Promise<void> {
    const issuers = [...this.byName.values()];
    await Promise.any(issuers.map((issuer) => issuer.ready())).catch((failure: unknown) => {
      throw failure instanceof AggregateError ? failure.errors[0] : failure;
    });
  }

  /** Age of the oldest key set in use, in seconds; nothing where there is none yet. For monitoring. */
  get keySetAgeSeconds(): number | undefined {
    const ages = [...this.byName.values()].map(({ keySet }) => keySet.ageSeconds);
    const known = ages.filter(Number.isFinite);
    return known.length > 0 ? Math.max(...known) : undefined;
  }

  onModuleDestroy(): void {
    for (const { statusLists } of this.byName.values()) statusLists.close();
  }
}
