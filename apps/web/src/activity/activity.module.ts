import { Global, Module } from '@nestjs/common';
import { TokensModule } from '../tokens/tokens.module.js';
import { UPSTREAM_OBSERVER } from '../upstream/upstream-observer.js';
import { ActivityLog } from './activity-log.js';
import { ActivityController } from './activity.controller.js';
import { DrillServers } from './drill-servers.js';
import { DrillsService } from './drills.service.js';

/** The panel of the demo. Global, so that the clients of other servers find the observer. */
@Global()
@Module({
  imports: [TokensModule],
  controllers: [ActivityController],
  providers: [
    ActivityLog,
    DrillServers,
    DrillsService,
    { provide: UPSTREAM_OBSERVER, useExisting: ActivityLog },
  ],
  exports: [UPSTREAM_OBSERVER],
})
export class ActivityModule {}
