import { Module } from '@nestjs/common';
import { AUTH_CONFIG } from '../auth.config.js';
import { KeySetController } from './key-set.controller.js';
import { PrivateKeyCipher } from './private-key-cipher.js';
import { serverSecretsOf } from './server-secret-file.js';
import { ServerSecrets } from './server-secrets.js';
import { SigningKeys } from './signing-keys.js';

@Module({
  controllers: [KeySetController],
  providers: [
    { provide: ServerSecrets, useFactory: serverSecretsOf, inject: [AUTH_CONFIG] },
    PrivateKeyCipher,
    SigningKeys,
  ],
  exports: [ServerSecrets, SigningKeys],
})
export class KeysModule {}
