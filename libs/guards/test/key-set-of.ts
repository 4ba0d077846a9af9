import { type GuardsOptions, KeySet } from '../src/index.js';
import { KeySetSource } from '../src/key-set-source.js';
import { resolveOptions } from '../src/resolve-options.js';

/** A key set without an application around it. */
export function keySetOf(options: GuardsOptions): KeySet {
  const resolved = resolveOptions(options);
  return new KeySet(resolved, new KeySetSource(resolved));
}
