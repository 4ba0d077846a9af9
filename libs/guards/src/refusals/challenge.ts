import type { BearerError } from './bearer-error.js';

/** Value of `WWW-Authenticate` (RFC 6750 §3, RFC 9728 §5.1), or undefined where another token would not help. */
export function challengeOf(
  { challenge }: BearerError,
  { resourceMetadataUrl }: { readonly resourceMetadataUrl: string | undefined },
): string | undefined {
  if (!challenge) return undefined;
  const parameters = Object.entries(challenge);
  if (resourceMetadataUrl) parameters.push(['resource_metadata', resourceMetadataUrl]);
  return ['Bearer', parameters.map(([name, value]) => `${name}="${value}"`).join(', ')]
    .join(' ')
    .trim();
}
