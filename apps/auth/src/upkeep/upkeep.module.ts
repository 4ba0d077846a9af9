import { UnitOfWork } from '@gatehouse/persistence';
import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { byWalking } from './by-walking.js';
import { DatabaseClock } from './database-clock.js';
import { Janitor } from './janitor.js';
import { Upkeep } from './upkeep.js';

/** Expired long ago, and not taken since: of a task that there is no more. */
const FORGOTTEN_LEASES = {
  table: 'lease',
  key: 'name',
  dead: 'expires_at < $1',
  afterSeconds: 86_400,
};

@Global()
@Module({ providers: [Upkeep, Janitor, DatabaseClock], exports: [Upkeep, Janitor] })
export class UpkeepModule implements OnModuleInit {
  constructor(
    private readonly upkeep: Upkeep,
    private readonly janitor: Janitor,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.upkeep.add({
      name: 'janitor',
      everySeconds: 60,
      by: 'one replica',
      work: (stopping) => this.janitor.clear(stopping),
    });
    this.janitor.add(byWalking(this.unitOfWork, FORGOTTEN_LEASES));
  }
}
