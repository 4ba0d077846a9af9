import type { ResolvedGuardsOptions } from '../guards.options.js';
import type { BearerError } from './bearer-error.js';

type Parameters = Readonly<Record<string, string>>;
type Options = Pick<ResolvedGuardsOptions, 'dpop' | 'issuers' | 'resourceMetadataUrl'>;

/**
 * Value of `WWW-Authenticate` (RFC 6750 §3, RFC 9449 §7, RFC 9728 §5.1), or undefined where another token would not help.
 * A client that came with a proof, or without one where that is never enough, is told about proofs alone.
 */
export function challengeOf(
  { challenge, scheme }: BearerError,
  options: Options,
): string | undefined {
  if (!challenge) return undefined;
  const { dpop, issuers } = options;
  const metadata = metadataOf(options);
  if (!dpop) return written('Bearer', { ...challenge, ...metadata });
  const algs = { algs: dpop.algorithms.join(' ') };
  if (scheme === 'DPoP' || issuers.every(({ requiresDpop }) => requiresDpop)) {
    return written('DPoP', { ...challenge, ...algs, ...metadata });
  }
  const bearer = written('Bearer', { ...challenge, ...metadata });
  return `${bearer}, ${written('DPoP', { ...algs, ...metadata })}`;
}

function metadataOf({ resourceMetadataUrl: url }: Options): Parameters {
  return url ? { resource_metadata: url } : {};
}

function written(scheme: string, parameters: Parameters): string {
  const list = Object.entries(parameters).map(([name, value]) => `${name}="${value}"`);
  return [scheme, list.join(', ')].join(' ').trim();
}
