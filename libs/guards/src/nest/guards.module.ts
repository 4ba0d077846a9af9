import { type DynamicModule, Module, type ModuleMetadata, type Provider } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { AccessTokenGuard } from './access-token.guard.js';
import { RequestAuthenticator, TrustedIssuers } from './request-authenticator.js';
import { GUARDS_OPTIONS, type GuardsOptions } from './guards.options.js';
import { HttpTransport, TransportRegistry } from './http.transport.js';
import { ResourceMetadata } from './resource-metadata.js';
import { BearerErrorFilter } from './bearer-error.filter.js';
import { RejectionReporter } from './rejection-reporter.js';
import { resolveOptions } from './resolve-options.js';
import { AccessRules } from './access-rules.js';

/** Options that depend on other providers, such as a configuration service. */
export interface GuardsAsyncOptions<Dependencies extends unknown[]> {
  readonly imports?: ModuleMetadata['imports'];
  readonly inject?: { readonly [I in keyof Dependencies]: InjectionTokenOf<Dependencies[I]> };
  readonly useFactory: (...dependencies: Dependencies) => GuardsOptions | Promise<GuardsOptions>;
}

type InjectionTokenOf<T> = (abstract new (...args: never[]) => T) | string | symbol;

/** Guards every handler of the application. Import it once, in the root module. */
@Module({})
export class GuardsModule {
  /** @throws GuardsConfigurationError with all faults */
  static forRoot(options: GuardsOptions): DynamicModule {
    return buildModule({ provide: GUARDS_OPTIONS, useValue: resolveOptions(options) });
  }

  /** As {@link forRoot}, for options that come from other providers or a promise. */
  static forRootAsync<Dependencies extends unknown[]>(
    options: GuardsAsyncOptions<Dependencies>,
  ): DynamicModule {
    const { imports, inject, useFactory } = options;
    const provider: Provider = {
      provide: GUARDS_OPTIONS,
      inject: [...(inject ?? [])],
      useFactory: async (...dependencies: Dependencies) =>
        resolveOptions(await useFactory(...dependencies)),
    };
    return buildModule(provider, imports);
  }
}

function buildModule(options: Provider, imports: ModuleMetadata['imports'] = []): DynamicModule {
  return {
    module: GuardsModule,
    global: true,
    imports: [DiscoveryModule, ...imports],
    providers: [
      options,
      TrustedIssuers,
      HttpTransport,
      TransportRegistry,
      AccessRules,
      ResourceMetadata,
      RejectionReporter,
      RequestAuthenticator,
      AccessTokenGuard,
      BearerErrorFilter,
      { provide: APP_GUARD, useExisting: AccessTokenGuard },
      { provide: APP_FILTER, useExisting: BearerErrorFilter },
    ],
    // The dependencies of the guard and the filter, for classes that carry them as decorators.
    exports: [
      GUARDS_OPTIONS,
      TrustedIssuers,
      TransportRegistry,
      AccessRules,
      RejectionReporter,
      RequestAuthenticator,
      AccessTokenGuard,
    ],
  };
}
