import { AccessTokenStrategy, type GuardsOptions, TrustedIssuers } from '../src/index.js';
import { resolveOptions } from '../src/resolve-options.js';

/** The strategy without an application around it. */
export function strategyOf(options: GuardsOptions): AccessTokenStrategy {
  const resolved = resolveOptions(options);
  return new AccessTokenStrategy(resolved, new TrustedIssuers(resolved));
}

/** What comes of a token: itself after every check, or whatever was thrown. Never rejects. */
export async function verdictOn(
  strategy: Pick<AccessTokenStrategy, 'validate'>,
  token: string,
): Promise<unknown> {
  try {
    return await strategy.validate(token);
  } catch (refusal) {
    return refusal;
  }
}
