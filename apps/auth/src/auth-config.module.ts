import { type DynamicModule, Module } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from './auth.config.js';

@Module({})
export class AuthConfigModule {
  static with(config: AuthConfig): DynamicModule {
    return {
      module: AuthConfigModule,
      global: true,
      providers: [{ provide: AUTH_CONFIG, useValue: config }],
      exports: [AUTH_CONFIG],
    };
  }
}
