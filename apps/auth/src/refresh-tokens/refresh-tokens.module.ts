import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { StatusListsModule } from '../status-lists/status-lists.module.js';
import { FamilyClearances } from './family-clearances.js';
import { FamilyLife } from './family-life.js';
import { FamilyLimits } from './family-limits.js';
import { RefreshTokenFormat } from './refresh-token.js';
import { RefreshTokens } from './refresh-tokens.js';

@Module({
  imports: [KeysModule, NotificationsModule, StatusListsModule],
  providers: [RefreshTokenFormat, RefreshTokens, FamilyLife, FamilyLimits, FamilyClearances],
  exports: [RefreshTokens, FamilyLife],
})
export class RefreshTokensModule {}
