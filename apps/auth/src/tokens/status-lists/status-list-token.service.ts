import { constants, deflateSync, type ZlibOptions } from 'node:zlib';
import { Clock, hashEntityTag } from '@gatehouse/service-kit';
import { Inject, Injectable } from '@nestjs/common';
import { AUTH_CONFIG, type AuthConfig } from '../../auth.config.js';
import { SigningKeyService } from '../keys/signing-key.service.js';
import { StatusSnapshotService } from './status-snapshot.service.js';
import { buildStatusListUri, type StatusSnapshot } from './status-list.js';

/** A list as it goes over the wire. */
export interface StatusListToken {
  /** The same for the same list, whichever replica answers. */
  readonly entityTag: string;
  /** A JWT; asked for only where the other side does not have it. */
  toJwt(): Promise<string>;
}

/**
 * Looks for runs only, and runs of zeros are what a list is made of: 10,000 that ended take 0.4 ms where a search for
 * longer matches takes 250 ms, for about the same size. So it is done at once, and does not queue behind password hashes.
 */
const RUN_LENGTH_ONLY: ZlibOptions = {
  level: constants.Z_BEST_COMPRESSION,
  strategy: constants.Z_RLE,
};

/** Status List Tokens (draft-ietf-oauth-status-list §5.1), signed once for every change, for every new key, and before the last one expires. */
@Injectable()
export class StatusListTokenService {
  private readonly signedLists = new Map<
    number,
    { entityTag: string; getSignedText: Promise<string> }
  >();

  constructor(
    private readonly snapshots: StatusSnapshotService,
    private readonly keys: SigningKeyService,
    private readonly clock: Clock,
    @Inject(AUTH_CONFIG) private readonly config: AuthConfig,
  ) {}

  async find(list: number): Promise<StatusListToken | undefined> {
    const statuses = await this.snapshots.getSnapshot();
    if (!statuses.hasList(list)) return undefined;
    const buildClaims = this.claims(list);
    const { activeKid } = this.keys;
    const entityTag = hashEntityTag(
      JSON.stringify({ ...buildClaims, activeKid, lst: statuses.computeDigest(list) }),
    );
    return {
      entityTag,
      toJwt: () => this.text(list, { entityTag, claims: buildClaims, statuses }),
    };
  }

  /** All that a replica signs until the same `exp` differs in `iat` and signature only. */
  private claims(list: number) {
    const ttl = this.config.STATUS_LIST_TTL;
    const half = Math.max(300, 2 * ttl);
    return {
      iss: this.config.ISSUER,
      sub: buildStatusListUri(this.config.ISSUER, list),
      exp: (Math.floor(this.clock.now() / 1000 / half) + 2) * half,
      ttl,
    };
  }

  private text(list: number, wanted: UnsignedStatusList): Promise<string> {
    const { entityTag } = wanted;
    const known = this.signedLists.get(list);
    if (known?.entityTag === entityTag) return known.getSignedText;
    for (const other of this.signedLists.keys()) {
      if (!wanted.statuses.hasList(other)) this.signedLists.delete(other);
    }
    const text = this.sign(list, wanted);
    this.signedLists.set(list, { entityTag, getSignedText: text });
    // What failed is tried again by the next who asks.
    text.catch(
      () => this.signedLists.get(list)?.getSignedText === text && this.signedLists.delete(list),
    );
    return text;
  }

  private async sign(list: number, { claims, statuses }: UnsignedStatusList): Promise<string> {
    const lst = deflateSync(statuses.getBytes(list), RUN_LENGTH_ONLY).toString('base64url');
    const iat = Math.floor(this.clock.now() / 1000);
    return this.keys.sign('statuslist+jwt', { ...claims, iat, status_list: { bits: 1, lst } });
  }
}

interface UnsignedStatusList {
  readonly entityTag: string;
  readonly claims: { readonly exp: number };
  readonly statuses: StatusSnapshot;
}
