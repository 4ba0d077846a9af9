import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Module } from '@nestjs/common';
import { StoredProofs } from './stored-proofs.js';

@Module({
  providers: [
    {
      provide: StoredProofs,
      inject: [UnitOfWork, Clock],
      useFactory: (unitOfWork: UnitOfWork, clock: Clock) => new StoredProofs(unitOfWork, clock),
    },
  ],
  exports: [StoredProofs],
})
export class UsedProofsModule {}
