import { type GuardsOptions } from '../src/index.js';
import { KeySet } from '../src/keys/key-set.js';
import { KeySetSource } from '../src/keys/key-set-source.js';
import { resolveOptions } from '../src/resolve-options.js';

/** The keys of the first issuer, without an application around them. */
export function keySetOf(options: GuardsOptions): KeySet {
  const resolved = resolveOptions(options);
  const [issuer] = resolved.issuers;
  if (!issuer) throw new Error('No issuer');
  return new KeySet(resolved, new KeySetSource(issuer, resolved));
}
