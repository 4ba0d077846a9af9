import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { IssuerRegistry } from '../core/trusted-issuer.js';
import { StatusLists } from '../status/status-lists.js';
import { toBearerError } from './bearer-error.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';

/** The configured issuers as a provider. The `iss` of a token selects one of them and can add none. */
@Injectable()
export class TrustedIssuers extends IssuerRegistry implements OnModuleDestroy {
  constructor(@Inject(RESOLVED_OPTIONS) options: ResolvedGuardsOptions) {
    super(options, (rules, keySet) => new StatusLists(rules, options, keySet));
  }

  /**
   * Resolves when tokens of at least one issuer can be verified, and fetches missing keys and status lists. For
   * readiness probes.
   *
   * @throws KeysUnavailable or StatusUnavailable
   */
  override async ready(): Promise<void> {
    try {
      await super.ready();
    } catch (error) {
      throw toBearerError(error);
    }
  }

  onModuleDestroy(): void {
    this.close();
  }
}
