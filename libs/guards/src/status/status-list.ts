import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { isJsonObject } from '../token/strict-json.js';

const inflateInBackground = promisify(inflate);

const BITS = [1, 2, 4, 8];

/** The status of many tokens, a few bits each (Token Status List §4.1). */
export class StatusList {
  /** How many places it has. */
  readonly size: number;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly bits: number,
  ) {
    this.size = (bytes.length * 8) / bits;
  }

  /**
   * From the claim `status_list` (§4.2).
   *
   * @param maxBytes when inflated: a megabyte of zeros is a kilobyte on its way
   * @throws Error
   */
  static async read(claim: unknown, maxBytes: number): Promise<StatusList> {
    const { bits, lst } = isJsonObject(claim) ? claim : {};
    if (typeof bits !== 'number' || !BITS.includes(bits)) {
      throw new TypeError('status_list.bits must be 1, 2, 4 or 8');
    }
    if (typeof lst !== 'string') throw new TypeError('status_list.lst must be a string');
    const deflated = Buffer.from(lst, 'base64url');
    const bytes = await inflateInBackground(deflated, { maxOutputLength: maxBytes });
    return new StatusList(bytes, bits);
  }

  /** 0 is VALID (§7.1); whatever else a list says of a token, it is not to be accepted. Undefined beyond its end. */
  isValid(index: number): boolean | undefined {
    if (index >= this.size) return undefined;
    const place = index * this.bits;
    const byte = this.bytes[place >> 3] ?? 0;
    return ((byte >> (place & 7)) & ((1 << this.bits) - 1)) === 0;
  }
}
