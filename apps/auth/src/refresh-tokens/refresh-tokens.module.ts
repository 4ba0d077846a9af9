import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { RefreshTokenFormat } from './refresh-token.js';
import { RefreshTokens } from './refresh-tokens.js';

@Module({
  imports: [KeysModule],
  providers: [RefreshTokenFormat, RefreshTokens],
  exports: [RefreshTokens],
})
export class RefreshTokensModule {}
