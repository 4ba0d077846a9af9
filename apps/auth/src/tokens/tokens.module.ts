import { Scheduler } from '@gatehouse/persistence';
import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { AccessTokenService } from './access-token.service.js';
import { AccessTokenVerifier } from './access-token-verifier.js';
import { DpopPolicy } from './dpop.policy.js';
import { IdTokenService } from './id-token.service.js';
import { IssuedCredentials } from './issued-credentials.js';
import {
  createKeyRotationPlan,
  KeyRotationPlan,
  IDLE_RELOAD_SECONDS,
  RELOAD_SECONDS,
} from './keys/key-rotation-plan.js';
import { KeyRotationService } from './keys/key-rotation.service.js';
import { KeySetController } from './keys/key-set.controller.js';
import { PrivateKeyCipher } from './keys/private-key-cipher.js';
import { SigningKeyFactory, SigningKeyService } from './keys/signing-key.service.js';
import { SigningKeyRepository } from './keys/signing-key.repository.js';
import { ReplayCacheRepository } from './replay-cache.repository.js';
import { RevokedStatusIndexRepository } from './status-lists/revoked-status-index.repository.js';
import { StatusListTokenService } from './status-lists/status-list-token.service.js';
import { StatusListRepository } from './status-lists/status-list.repository.js';
import { StatusListService } from './status-lists/status-list.service.js';
import { StatusSnapshotService } from './status-lists/status-snapshot.service.js';
import { TokenMetrics } from './token-metrics.js';

/** Signs and publishes: access tokens, ID tokens, the key set, and status lists. */
@Module({
  controllers: [KeySetController],
  providers: [
    { provide: KeyRotationPlan, useFactory: createKeyRotationPlan, inject: [AUTH_CONFIG] },
    AccessTokenService,
    AccessTokenVerifier,
    DpopPolicy,
    IdTokenService,
    IssuedCredentials,
    KeyRotationService,
    PrivateKeyCipher,
    ReplayCacheRepository,
    RevokedStatusIndexRepository,
    SigningKeyFactory,
    SigningKeyRepository,
    SigningKeyService,
    StatusListRepository,
    StatusListService,
    StatusListTokenService,
    StatusSnapshotService,
    TokenMetrics,
  ],
  exports: [
    AccessTokenService,
    AccessTokenVerifier,
    DpopPolicy,
    IdTokenService,
    IssuedCredentials,
    KeyRotationService,
    ReplayCacheRepository,
    RevokedStatusIndexRepository,
    SigningKeyService,
    StatusListRepository,
    StatusListService,
    StatusListTokenService,
    StatusSnapshotService,
  ],
})
export class TokensModule implements OnModuleInit {
  constructor(
    private readonly keys: SigningKeyService,
    private readonly rotation: KeyRotationService,
    private readonly statusLists: StatusListService,
    private readonly scheduler: Scheduler,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.rotation.createMissingKeys();
    this.scheduler.add({
      name: 'keys',
      everySeconds: RELOAD_SECONDS,
      maxIdleSeconds: IDLE_RELOAD_SECONDS,
      runsOn: 'every replica',
      run: () => this.keys.reload(),
    });
    this.scheduler.add({
      name: 'key-rotation',
      everySeconds: 1,
      maxIdleSeconds: 30,
      runsOn: 'one replica',
      run: () => this.rotation.applyDueSteps(),
    });
    if (!this.config.STATUS_LISTS) return;
    await this.statusLists.open();
    this.scheduler.add({
      name: 'status-lists',
      everySeconds: 3600,
      runsOn: 'one replica',
      run: () => this.statusLists.removeExpired(),
    });
  }
}
