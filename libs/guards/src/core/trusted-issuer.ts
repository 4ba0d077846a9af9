import type { ResolvedGuardsOptions } from '../nest/guards.options.js';
import { StatusLists } from '../status/status-lists.js';
import { KeySet } from './key-set.js';
import { KeySetSource } from './key-set-source.js';
import { decodeHeader } from './compact-jws.js';
import { type JoseHeader, parseJoseHeader } from './jose-header.js';
import type { ResolvedIssuer } from './issuer.options.js';

/** An issuer signs all its tokens under few headers: as many as keys. */
const MAX_HEADERS = 100;

/** An authorization server that is trusted, with its own keys and its own rules. */
export class TrustedIssuer {
  readonly keySet: KeySet;
  readonly statusLists: StatusLists;
  private readonly headers = new Map<string, JoseHeader>();

  constructor(
    readonly rules: ResolvedIssuer,
    options: ResolvedGuardsOptions,
  ) {
    this.keySet = new KeySet(options, new KeySetSource(rules, options));
    this.statusLists = new StatusLists(rules, options, this.keySet);
  }

  /** Resolves when its tokens can be verified. Throws KeysUnavailable or StatusUnavailable. */
  async ready(): Promise<void> {
    await this.keySet.ready();
    await this.statusLists.ready();
  }

  /** @throws InvalidToken when the rules of this issuer forbid such a header */
  parseHeader(encoded: string): JoseHeader {
    return this.headers.get(encoded) ?? parseJoseHeader(decodeHeader(encoded), this.rules);
  }

  /** Spares reading this header again. Only for headers under a good signature: strangers cannot fill the list. */
  rememberHeader(encoded: string, header: JoseHeader): void {
    if (this.headers.has(encoded)) return;
    if (this.headers.size >= MAX_HEADERS) this.headers.clear();
    this.headers.set(encoded, header);
  }
}
