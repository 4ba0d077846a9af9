import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DatabaseSettings } from './data-source.js';
import { LeaseRepository } from './lease.repository.js';
import { type Database, openDatabase } from './open-database.js';
import { UnitOfWork } from './unit-of-work.js';

const DATABASE = Symbol('DATABASE');

/** TypeORM for an app. Repositories and the `DataSource` read; {@link UnitOfWork} writes. */
@Module({})
export class PersistenceModule implements OnApplicationShutdown {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  static forRoot(settings: DatabaseSettings): DynamicModule {
    let database: Promise<Database> | undefined;
    const open = () => (database ??= openDatabase(settings));
    return {
      module: PersistenceModule,
      global: true,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ toRetry: () => false }),
          dataSourceFactory: async () => (await open()).reader,
        }),
      ],
      providers: [
        { provide: DATABASE, useFactory: open },
        {
          provide: UnitOfWork,
          useFactory: (opened: Database) => opened.unitOfWork,
          inject: [DATABASE],
        },
        LeaseRepository,
      ],
      exports: [UnitOfWork, LeaseRepository],
    };
  }

  /** Nest calls this after HTTP is closed and every request was answered. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
  }
}
