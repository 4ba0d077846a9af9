import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { IdTokens } from './id-tokens.js';

/** ID tokens of OpenID Connect. */
@Module({ imports: [KeysModule], providers: [IdTokens], exports: [IdTokens] })
export class IdTokensModule {}
