import { CleanupJob, type Database, openDatabase } from '@gatehouse/persistence';
import type { TestDatabase } from '@gatehouse/persistence/testing';
import { Logger } from '@nestjs/common';
import { Account } from '../../src/accounts/account.entity.js';
import { AccountRoleRepository } from '../../src/accounts/account-role.repository.js';
import { AccountRepository } from '../../src/accounts/account.repository.js';
import { type AuthConfig, authConfig } from '../../src/auth.config.js';
import { ResourceServerService } from '../../src/clients/resource-server.service.js';
import { authDatabase } from '../../src/database.js';
import { NotificationRepository } from '../../src/platform/notifications/notification.repository.js';
import { SecurityEventRepository } from '../../src/platform/security-events/security-event.repository.js';
import { SecurityEventService } from '../../src/platform/security-events/security-event.service.js';
import { ServerSecrets } from '../../src/platform/server-secrets.js';
import { AccountTransactionService } from '../../src/sessions/account-transaction.service.js';
import { LogoutDeliveryRepository } from '../../src/sessions/logout-delivery.repository.js';
import {
  RefreshTokenFamily,
  RefreshTokenFormat,
} from '../../src/sessions/refresh-token-family.entity.js';
import { RefreshTokenFamilyRepository } from '../../src/sessions/refresh-token-family.repository.js';
import { RefreshTokenLimits } from '../../src/sessions/refresh-token-limits.js';
import {
  RefreshTokenRevocation,
  RevocationReports,
} from '../../src/sessions/refresh-token-revocation.service.js';
import { RefreshTokenRotation } from '../../src/sessions/refresh-token-rotation.service.js';
import { RefreshTokenService } from '../../src/sessions/refresh-token.service.js';
import { StatusListRepository } from '../../src/tokens/status-lists/status-list.repository.js';
import { StatusListService } from '../../src/tokens/status-lists/status-list.service.js';
import { StatusSnapshotService } from '../../src/tokens/status-lists/status-snapshot.service.js';
import { type TestClock, toDatabaseSettings } from './test-auth.js';

Logger.overrideLogger(false);

/** The refresh token services of one process, on a database that several processes may share. */
export interface RefreshTokenReplica {
  readonly database: Database;
  readonly tokens: RefreshTokenService;
  readonly rotation: RefreshTokenRotation;
  readonly revocation: RefreshTokenRevocation;
  readonly format: RefreshTokenFormat;
}

export async function startRefreshTokenReplica(
  testDatabase: TestDatabase,
  clock: TestClock,
  settings: Record<string, string>,
): Promise<RefreshTokenReplica> {
  const config = authConfig({ ...toDatabaseSettings(testDatabase), ...settings });
  return createServices(await openDatabase(authDatabase(config)), clock, config);
}

function createServices(database: Database, clock: TestClock, config: AuthConfig) {
  const format = new RefreshTokenFormat(new ServerSecrets(['a secret of the test, long enough']));
  const { unitOfWork } = database;
  const lists = new StatusListRepository(unitOfWork, clock);
  const cleanup = new CleanupJob(clock);
  const families = new RefreshTokenFamilyRepository(
    database.reader.getRepository(RefreshTokenFamily),
    unitOfWork,
    new StatusListService(lists, unitOfWork, clock, config),
    new StatusSnapshotService(lists, clock, config),
    cleanup,
  );
  const notifications = new NotificationRepository(unitOfWork, clock);
  const events = new SecurityEventService(new SecurityEventRepository(unitOfWork), clock);
  const revocation = new RefreshTokenRevocation(
    unitOfWork,
    families,
    clock,
    events,
    new RevocationReports(events, notifications, new LogoutDeliveryRepository(unitOfWork, clock)),
  );
  const transactions = new AccountTransactionService(
    unitOfWork,
    new AccountRepository(
      database.reader.getRepository(Account),
      unitOfWork,
      clock,
      notifications,
      cleanup,
    ),
    clock,
    new ResourceServerService(config, new AccountRoleRepository(unitOfWork, clock)),
  );
  const limits = new RefreshTokenLimits(clock, config);
  const tokens = new RefreshTokenService(families, transactions, format, revocation, limits);
  const rotation = new RefreshTokenRotation(families, format, revocation, limits);
  return { database, tokens, rotation, revocation, format };
}
