import { Clock } from '@gatehouse/service-kit';
import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { KeysModule } from '../keys/keys.module.js';
import { Upkeep } from '../upkeep/upkeep.js';
import { StatusListStore } from './status-list-store.js';
import { StatusListTokens } from './status-list-tokens.js';
import { StatusListsController } from './status-lists.controller.js';
import { LONGEST_HELD_MS, StatusLists } from './status-lists.js';
import { StatusReader, toldFor } from './status-reader.js';

/** No session lives longer, in milliseconds, whatever is configured or was: the limit of `REFRESH_ABSOLUTE_TTL`. */
const LONGEST_SESSION_MS = 31_536_000_000;

@Module({
  imports: [KeysModule],
  controllers: [StatusListsController],
  providers: [StatusListStore, StatusLists, StatusReader, StatusListTokens],
  exports: [StatusLists],
})
export class StatusListsModule implements OnModuleInit {
  constructor(
    private readonly store: StatusListStore,
    private readonly upkeep: Upkeep,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    if (!this.config.STATUS_LISTS) return;
    await this.store.open();
    this.upkeep.add({
      name: 'status-lists',
      everySeconds: 3600,
      by: 'one replica',
      work: () => this.removeOld(),
    });
  }

  /** "Once all Referenced Tokens are expired, the Issuer may stop serving the Status List Token" (§13.1). */
  private async removeOld(): Promise<void> {
    const longest = LONGEST_HELD_MS + LONGEST_SESSION_MS + toldFor(this.config);
    await this.store.remove({ fullSince: this.clock.now() - longest });
  }
}
