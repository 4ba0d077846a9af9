import { type DynamicModule, Module } from '@nestjs/common';

/** Makes the parsed settings of a service injectable everywhere. */
@Module({})
export class ConfigModule {
  static forRoot<Config extends object>(token: symbol, config: Config): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: token, useValue: config }],
      exports: [token],
    };
  }
}
