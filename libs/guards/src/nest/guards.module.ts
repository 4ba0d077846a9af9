import { type DynamicModule, Module, type Provider, type Type } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, DiscoveryModule } from '@nestjs/core';
import { GuardsConfigurationError } from '../core/options.js';
import { AccessRules } from './access-rules.js';
import { AccessTokenGuard } from './access-token.guard.js';
import { BearerErrorFilter } from './bearer-error.filter.js';
import { BootAudit } from './boot-audit.js';
import { GUARDS_OPTIONS, type GuardsOptions, RESOLVED_OPTIONS } from './guards.options.js';
import { HttpTransport, TransportRegistry } from './http.transport.js';
import { RejectionReporter } from './rejection-reporter.js';
import { RequestAuthenticator, TrustedIssuers } from './request-authenticator.js';
import { listPartProviders, resolveOptions } from './resolve-options.js';

/** A provider that creates the options, for `useClass` and `useExisting`. */
export interface GuardsOptionsFactory {
  createGuardsOptions(): GuardsOptions | Promise<GuardsOptions>;
}

type InjectionTokenOf<T> = (abstract new (...args: never[]) => T) | string | symbol;

/** Options that depend on other providers, such as a configuration service. */
export type GuardsAsyncOptions<Dependencies extends unknown[]> = {
  readonly imports?: DynamicModule['imports'];
} & (
  | {
      readonly inject?: { readonly [I in keyof Dependencies]: InjectionTokenOf<Dependencies[I]> };
      readonly useFactory: (...given: Dependencies) => GuardsOptions | Promise<GuardsOptions>;
    }
  /** A class that this module creates. */
  | { readonly useClass: Type<GuardsOptionsFactory> }
  /** A provider of one of the `imports`. */
  | { readonly useExisting: InjectionTokenOf<GuardsOptionsFactory> }
);

/** Guards the handlers of the application. It is global: import it once, in the root module. */
@Module({})
export class GuardsModule {
  /** Guards every handler. @throws GuardsConfigurationError with all faults */
  static forRoot(options: GuardsOptions): DynamicModule {
    return addGlobalGuard(GuardsModule.forFeature(options));
  }

  /** As {@link forRoot}, for options that come from other providers or a promise. */
  static forRootAsync<Dependencies extends unknown[]>(
    options: GuardsAsyncOptions<Dependencies>,
  ): DynamicModule {
    return addGlobalGuard(GuardsModule.forFeatureAsync(options));
  }

  /**
   * Guards only classes and handlers with `@UseGuards(AccessTokenGuard)`, for a service that begins with one controller.
   *
   * @throws GuardsConfigurationError with all faults
   */
  static forFeature(options: GuardsOptions): DynamicModule {
    resolveOptions(options);
    return buildModule([{ provide: GUARDS_OPTIONS, useValue: options }]);
  }

  /** As {@link forFeature}, for options that come from other providers or a promise. */
  static forFeatureAsync<Dependencies extends unknown[]>(
    options: GuardsAsyncOptions<Dependencies>,
  ): DynamicModule {
    return buildModule(provideOptions(options), options.imports);
  }
}

function addGlobalGuard({ providers = [], ...module }: DynamicModule): DynamicModule {
  const guard: Provider = { provide: APP_GUARD, useExisting: AccessTokenGuard };
  return { ...module, providers: [...providers, guard] };
}

function provideOptions<Dependencies extends unknown[]>(
  options: GuardsAsyncOptions<Dependencies>,
): Provider[] {
  if ('useFactory' in options) {
    const { inject = [], useFactory } = options;
    return [{ provide: GUARDS_OPTIONS, inject: [...inject], useFactory }];
  }
  const factory = 'useClass' in options ? options.useClass : options.useExisting;
  if (!factory) throw new GuardsConfigurationError(['set useFactory, useClass or useExisting']);
  const create = (provider: GuardsOptionsFactory) => provider.createGuardsOptions();
  const created = 'useClass' in options ? [options.useClass] : [];
  return [{ provide: GUARDS_OPTIONS, inject: [factory], useFactory: create }, ...created];
}

/** The dependencies of the guard and the filter, for classes that carry them as decorators. */
const SHARED = [
  TrustedIssuers,
  TransportRegistry,
  AccessRules,
  RejectionReporter,
  RequestAuthenticator,
  AccessTokenGuard,
];

/** The options are provided as given, so that a test can override them. */
function buildModule(
  options: readonly Provider[],
  imports: DynamicModule['imports'] = [],
): DynamicModule {
  return {
    module: GuardsModule,
    global: true,
    imports: [DiscoveryModule, ...imports],
    providers: [
      ...options,
      { provide: RESOLVED_OPTIONS, inject: [GUARDS_OPTIONS], useFactory: resolveOptions },
      ...SHARED,
      HttpTransport,
      BootAudit,
      BearerErrorFilter,
      { provide: APP_FILTER, useExisting: BearerErrorFilter },
      ...listPartProviders(),
    ],
    exports: [GUARDS_OPTIONS, RESOLVED_OPTIONS, ...SHARED],
  };
}
