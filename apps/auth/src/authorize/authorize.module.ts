import { UnitOfWork } from '@gatehouse/persistence';
import { Module, type OnModuleInit } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { ClientsModule } from '../clients/clients.module.js';
import { ConsentsModule } from '../consents/consents.module.js';
import { IdTokensModule } from '../id-tokens/id-tokens.module.js';
import { PagesModule } from '../pages/pages.module.js';
import { RefreshTokensModule } from '../refresh-tokens/refresh-tokens.module.js';
import { ResourceServersModule } from '../resource-servers/resource-servers.module.js';
import { byIndex } from '../upkeep/by-index.js';
import { Janitor } from '../upkeep/janitor.js';
import { AuthorizationCodes } from './authorization-codes.js';
import { AuthorizationRequests } from './authorization-requests.js';
import { Authorizations } from './authorizations.js';
import { AuthorizeController } from './authorize.controller.js';
import { Checkpoints } from './checkpoints.js';
import { Destinations } from './destinations.js';
import { Redemptions } from './redemptions.js';

/** A code stays as long as the last access token that may have come of it, so that a second use is seen for what it is. */
const EXPIRED_CODES = {
  table: 'authorization_code',
  key: 'code_hash',
  dead: 'expires_at < $1',
  indexed: 'expires_at',
  afterSeconds: 3600,
};

@Module({
  imports: [
    AccountsModule,
    ClientsModule,
    ConsentsModule,
    IdTokensModule,
    PagesModule,
    RefreshTokensModule,
    ResourceServersModule,
  ],
  controllers: [AuthorizeController],
  providers: [
    AuthorizationCodes,
    AuthorizationRequests,
    Authorizations,
    Checkpoints,
    Destinations,
    Redemptions,
  ],
  exports: [AuthorizationCodes, Redemptions],
})
export class AuthorizeModule implements OnModuleInit {
  constructor(
    private readonly janitor: Janitor,
    private readonly unitOfWork: UnitOfWork,
  ) {}

  onModuleInit(): void {
    this.janitor.add(byIndex(this.unitOfWork, EXPIRED_CODES));
  }
}
