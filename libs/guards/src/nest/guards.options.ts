import type { Type } from '@nestjs/common';
import type { DpopOptions, ResolvedDpopOptions } from '../dpop/dpop.options.js';
import type {
  RequiredOptions,
  ResolvedVerifierOptions,
  TokenOptions,
  TrustOptions,
} from '../core/verifier.options.js';
import type { Rejection } from './bearer-error.js';
import type { Transport } from './transport.js';

/**
 * The configuration: one issuer or several, and the identifier of this resource server. The library never reads the
 * environment.
 */
export type GuardsOptions = ResourceServerOptions & TrustOptions;

export interface ResourceServerOptions extends TokenOptions {
  /** Accepts tokens that are bound to a key of their client. Without it such tokens are refused, because no proof is checked. */
  readonly dpop?: DpopOptions | undefined;
  /** Guarded transports besides HTTP. Each comes from its own entry point. Default none. */
  readonly transports?: readonly Transport[] | undefined;
  /** Serves the protected resource metadata (RFC 9728), if `audience` is a URL. Default true. */
  readonly servesResourceMetadata?: boolean | undefined;
  /** `resource_metadata` of the challenges. Default: the metadata address of `audience`, if it is a URL. */
  readonly resourceMetadataUrl?: string | undefined;
  /** `scopes_supported` of the metadata, which clients may request in full: leave out those of staff and services. Challenges prefer them. Default: every required scope. */
  readonly advertisedScopes?: readonly string[] | undefined;
  /** Controllers of other packages that need no token and cannot carry `@Public()`. Default none. */
  readonly publicControllers?: readonly Type[] | undefined;
  /** Called for every refusal, before the answer is sent. Its errors are logged and change no answer. Default none. */
  readonly onRejected?: ((rejection: Rejection) => void) | undefined;
  /** Logs refusals: the first of each reason in a minute, and of each outage, as a warning, and the others at debug. Default: unless `onRejected` is set. */
  readonly logsRejections?: boolean | undefined;
}

type RequiredOption =
  'transports' | 'servesResourceMetadata' | 'publicControllers' | 'logsRejections';

/** {@link GuardsOptions} after validation, with every default filled in. Frozen. */
export interface ResolvedGuardsOptions
  extends
    ResolvedVerifierOptions,
    RequiredOptions<Pick<ResourceServerOptions, RequiredOption>>,
    Pick<ResourceServerOptions, 'resourceMetadataUrl' | 'advertisedScopes' | 'onRejected'> {
  readonly dpop?: ResolvedDpopOptions | undefined;
}

export const GUARDS_OPTIONS = Symbol('GUARDS_OPTIONS');
