import { type BeforeApplicationShutdown, Global, Module, type OnModuleInit } from '@nestjs/common';
import { Janitor } from '../upkeep/janitor.js';
import { Upkeep } from '../upkeep/upkeep.js';
import { EventChain } from './event-chain.js';
import { EventRetention } from './event-retention.js';
import { SecurityEvents } from './security-events.js';

@Global()
@Module({
  providers: [SecurityEvents, EventChain, EventRetention],
  exports: [SecurityEvents, EventChain],
})
export class SecurityEventsModule implements OnModuleInit, BeforeApplicationShutdown {
  constructor(
    private readonly events: SecurityEvents,
    private readonly chain: EventChain,
    private readonly retention: EventRetention,
    private readonly upkeep: Upkeep,
    private readonly janitor: Janitor,
  ) {}

  onModuleInit(): void {
    this.upkeep.add({
      name: 'event-chain',
      everySeconds: 1,
      by: 'one replica',
      work: () => this.chain.link(),
    });
    this.upkeep.add({
      name: 'suppressed-events',
      everySeconds: 10,
      by: 'every replica',
      work: () => this.events.tellSuppressed(),
    });
    this.janitor.add(this.retention);
  }

  /** The database closes after this. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.events.tellAllSuppressed();
  }
}
