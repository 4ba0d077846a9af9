import { UnitOfWork } from '@gatehouse/persistence';
import { Clock } from '@gatehouse/service-kit';
import { Module } from '@nestjs/common';
import { UsedProofRepository } from './used-proof.repository.js';

@Module({
  providers: [
    {
      provide: UsedProofRepository,
      inject: [UnitOfWork, Clock],
      useFactory: (unitOfWork: UnitOfWork, clock: Clock) =>
        new UsedProofRepository(unitOfWork, clock),
    },
  ],
  exports: [UsedProofRepository],
})
export class UsedProofsModule {}
