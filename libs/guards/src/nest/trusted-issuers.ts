import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { AccessTokenVerifier } from '../core/access-token-verifier.js';
import { throwBearerError } from './bearer-error.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { createVerifier } from './resolve-options.js';

/** The configured issuers as a provider. The `iss` of a token selects one of them and can add none. */
@Injectable()
export class TrustedIssuers implements OnModuleDestroy {
  readonly verifier: AccessTokenVerifier;

  constructor(@Inject(GUARDS_OPTIONS) options: ResolvedGuardsOptions) {
    this.verifier = createVerifier(options);
  }

  /**
   * Resolves when tokens of at least one issuer can be verified, and fetches missing keys and status lists. For
   * readiness probes.
   *
   * @throws KeysUnavailable or StatusUnavailable
   */
  async ready(): Promise<void> {
    await this.verifier.ready().catch(throwBearerError);
  }

  /** Age of the oldest key set in use, in seconds; undefined before the first fetch. For monitoring. */
  get keySetAgeSeconds(): number | undefined {
    return this.verifier.keySetAgeSeconds;
  }

  onModuleDestroy(): void {
    this.verifier.close();
  }
}
