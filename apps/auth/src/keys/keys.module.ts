import { Module, type OnModuleInit } from '@nestjs/common';
import { AUTH_CONFIG } from '../auth.config.js';
import { Upkeep } from '../upkeep/upkeep.js';
import { KeyFactory } from './key-factory.js';
import { KeyLife } from './key-life.js';
import { keyPlanOf, RELOAD_SECONDS } from './key-periods.js';
import { KeyPlan } from './key-plan.js';
import { KeySetController } from './key-set.controller.js';
import { KeyStore } from './key-store.js';
import { PrivateKeyCipher } from './private-key-cipher.js';
import { serverSecretsOf } from './server-secret-file.js';
import { ServerSecrets } from './server-secrets.js';
import { SigningKeys } from './signing-keys.js';

@Module({
  controllers: [KeySetController],
  providers: [
    { provide: ServerSecrets, useFactory: serverSecretsOf, inject: [AUTH_CONFIG] },
    { provide: KeyPlan, useFactory: keyPlanOf, inject: [AUTH_CONFIG] },
    PrivateKeyCipher,
    KeyFactory,
    KeyStore,
    SigningKeys,
    KeyLife,
  ],
  exports: [ServerSecrets, SigningKeys, KeyLife],
})
export class KeysModule implements OnModuleInit {
  constructor(
    private readonly keys: SigningKeys,
    private readonly life: KeyLife,
    private readonly upkeep: Upkeep,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.life.begin();
    this.upkeep.add({
      name: 'keys',
      everySeconds: RELOAD_SECONDS,
      by: 'every replica',
      work: () => this.keys.reload(),
    });
    this.upkeep.add({
      name: 'key-rotation',
      everySeconds: 1,
      by: 'one replica',
      work: () => this.life.keepUp(),
    });
  }
}
