import { KeySetSource } from '../../src/core/key-set-source.js';
import { KeySet } from '../../src/core/key-set.js';
import { AccessTokenStrategy, type GuardsOptions, TrustedIssuers } from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';

/** A strategy without an application. */
export function aStrategy(options: GuardsOptions): AccessTokenStrategy {
  const resolved = resolveOptions(options);
  return new AccessTokenStrategy(resolved, new TrustedIssuers(resolved));
}

/** Returns the verified token, or the error of the verification. Never rejects. */
export async function verifyOrError(
  strategy: Pick<AccessTokenStrategy, 'validate'>,
  token: string,
): Promise<unknown> {
  try {
    return await strategy.validate(token);
  } catch (error) {
    return error;
  }
}

/** The key set of the first issuer, without an application. */
export function aKeySet(options: GuardsOptions): KeySet {
  const resolved = resolveOptions(options);
  const [issuer] = resolved.issuers;
  if (!issuer) throw new Error('No issuer');
  return new KeySet(resolved, new KeySetSource(issuer, resolved));
}
