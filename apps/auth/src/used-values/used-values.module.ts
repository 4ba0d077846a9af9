import { UnitOfWork } from '@gatehouse/persistence';
import { Module, type OnModuleInit } from '@nestjs/common';
import { byIndex } from '../upkeep/by-index.js';
import { Janitor } from '../upkeep/janitor.js';
import { UsedValues } from './used-values.js';

/** A minute more than its time, for clocks that differ. */
const EXPIRED_VALUES = {
  table: 'used_value',
  key: 'value_hash',
  dead: 'expires_at < $1',
  indexed: 'expires_at',
  afterSeconds: 60,
};

@Module({ providers: [UsedValues], exports: [UsedValues] })
export class UsedValuesModule implements OnModuleInit {
  constructor(
    private readonly janitor: Janitor,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.janitor.add(byIndex(this.unitOfWork, EXPIRED_VALUES));
  }
}
