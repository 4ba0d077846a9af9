import { constants, deflateSync, type ZlibOptions } from 'node:zlib';
import { Clock } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { entityTagOf } from '../keys/entity-tag.js';
import { SigningKeys } from '../keys/signing-keys.js';
import { StatusReader } from './status-reader.js';
import { statusListUri } from './status-list-uri.js';
import type { Statuses } from './statuses.js';

/** A list as it goes over the wire. */
export interface StatusListToken {
  /** The same for the same list, whichever replica answers. */
  readonly entityTag: string;
  /** A JWT; asked for only where the other side does not have it. */
  text(): Promise<string>;
}

/**
 * Looks for runs only, and runs of zeros are what a list is made of: 10,000 that ended take 0.4 ms where a search for
 * longer matches takes 250 ms, for about the same size. So it is done at once, and does not queue behind password hashes.
 */
const RUNS: ZlibOptions = { level: constants.Z_BEST_COMPRESSION, strategy: constants.Z_RLE };

/** Status List Tokens (draft-ietf-oauth-status-list §5.1), signed once for every change, for every new key, and before the last one expires. */
@Injectable()
export class StatusListTokens {
  private readonly signed = new Map<number, { entityTag: string; text: Promise<string> }>();

  constructor(
    private readonly reader: StatusReader,
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async find(list: number): Promise<StatusListToken | undefined> {
    const statuses = await this.reader.current();
    if (!statuses.has(list)) return undefined;
    const claims = this.claims(list);
    const { activeKid } = this.keys;
    const entityTag = entityTagOf(
      JSON.stringify({ ...claims, activeKid, lst: statuses.digestOf(list) }),
    );
    return { entityTag, text: () => this.text(list, { entityTag, claims, statuses }) };
  }

  /** All that a replica signs until the same `exp` differs in `iat` and signature only. */
  private claims(list: number) {
    const ttl = this.config.STATUS_LIST_TTL;
    const half = Math.max(300, 2 * ttl);
    return {
      iss: this.config.ISSUER,
      sub: statusListUri(this.config.ISSUER, list),
      exp: (Math.floor(this.clock.now() / 1000 / half) + 2) * half,
      ttl,
    };
  }

  private text(list: number, wanted: Wanted): Promise<string> {
    const { entityTag } = wanted;
    const known = this.signed.get(list);
    if (known?.entityTag === entityTag) return known.text;
    for (const other of this.signed.keys()) {
      if (!wanted.statuses.has(other)) this.signed.delete(other);
    }
    const text = this.sign(list, wanted);
    this.signed.set(list, { entityTag, text });
    // What failed is tried again by the next who asks.
    text.catch(() => this.signed.get(list)?.text === text && this.signed.delete(list));
    return text;
  }

  private async sign(list: number, { claims, statuses }: Wanted): Promise<string> {
    const lst = deflateSync(statuses.bytesOf(list), RUNS).toString('base64url');
    const iat = Math.floor(this.clock.now() / 1000);
    return this.keys.sign('statuslist+jwt', { ...claims, iat, status_list: { bits: 1, lst } });
  }
}

interface Wanted {
  readonly entityTag: string;
  readonly claims: { readonly exp: number };
  readonly statuses: Statuses;
}
