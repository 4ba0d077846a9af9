import type { Provider } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import type { OptionPart } from '../core/trusted-issuer.js';
import type {
  RequiredOptions,
  ResolvedVerifierOptions,
  TokenOptions,
  TrustOptions,
} from '../core/verifier.options.js';
import type { Rejection } from './bearer-error.js';
import type { ControllerPattern } from './handlers.js';
import type { ProofOfPossession } from './credentials.js';
import type { Transport } from './transport.js';

/**
 * The configuration: one issuer or several, and the identifier of this resource server. The library never reads the
 * environment.
 */
export type GuardsOptions = ResourceServerOptions & TrustOptions;

export interface ResourceServerOptions extends TokenOptions {
  /** Guarded transports besides HTTP. Each comes from its own entry point. Default none. */
  readonly transports?: readonly Transport[] | undefined;
  /** `resource_metadata` of the challenges. Default: the address that the part metadata serves. */
  readonly resourceMetadataUrl?: string | undefined;
  /** `scopes_supported` of the metadata, which clients may request in full: leave out those of staff and services. Challenges prefer them. Default: every required scope. */
  readonly advertisedScopes?: readonly string[] | undefined;
  /** Controllers of other packages that need no token and cannot carry `@Public()`: classes, names, patterns such as `Bull*`, or regular expressions. Default none. */
  readonly publicControllers?: readonly ControllerPattern[] | undefined;
  /** Controllers that other guards protect, as in `publicControllers`. A handler in them with access decorators is guarded here. Default none. */
  readonly guardedElsewhere?: readonly ControllerPattern[] | undefined;
  /** Treatment of handlers without access decorators: `refuse` stops the start. `reportTemporarily` is for a migration: it logs them, and leaves them to other guards. Default `refuse`. */
  readonly undeclaredHandlers?: 'refuse' | 'reportTemporarily' | undefined;
  /** Returns `request.user` for a verified token, in the form that the handlers expect. Called once by each guarded call, and never without a token. Default: the token. */
  readonly user?: ((token: AccessToken) => unknown) | undefined;
  /** Called for every refusal, before the answer is sent. It replaces the log, unless you set `logsRejections: true`. Its errors are logged and change no answer. Default none. */
  readonly onRejected?: ((rejection: Rejection) => void) | undefined;
  /** Logs refusals: the first of each reason in a minute, and of each outage, as a warning, and the next 20 at debug. Default: unless `onRejected` is set. */
  readonly logsRejections?: boolean | undefined;
}

/** {@link GuardsOptions} after validation, with every default filled in. Frozen. */
export interface ResolvedGuardsOptions
  extends
    ResolvedVerifierOptions,
    Omit<ResourceServerOptions, keyof ResolvedVerifierOptions | RequiredOption>,
    RequiredOptions<Pick<ResourceServerOptions, RequiredOption>> {
  readonly proofOfPossession?: ProofOfPossession | undefined;
}

type RequiredOption = ListOption | 'undeclaredHandlers' | 'logsRejections';
type ListOption = 'transports' | 'publicControllers' | 'guardedElsewhere';

/** A part of the library that may add providers to GuardsModule. */
export interface NestPart extends OptionPart {
  readonly providers?: readonly Provider[];
}

/** Injection token of {@link GuardsOptions}. A test may override it: `overrideProvider(GUARDS_OPTIONS).useValue(issuer.options)`. */
export const GUARDS_OPTIONS = Symbol('GUARDS_OPTIONS');

/** Injection token of {@link ResolvedGuardsOptions}. */
export const RESOLVED_OPTIONS = Symbol('RESOLVED_OPTIONS');
