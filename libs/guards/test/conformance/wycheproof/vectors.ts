import { readFileSync } from 'node:fs';

/** Vectors of Project Wycheproof (https://github.com/C2SP/wycheproof) that share their public keys. */
export interface VectorGroup {
  readonly group: string;
  readonly keys: readonly object[];
  readonly tests: readonly Vector[];
}

export interface Vector {
  readonly id: number;
  /** The description by Project Wycheproof. */
  readonly comment: string;
  readonly result: 'valid' | 'invalid';
  /** Most payloads are not claims but a word such as "foo". */
  readonly jws: string;
}

const file = new URL('asymmetric-jws.json', import.meta.url);
const content: { readonly groups: readonly VectorGroup[] } = JSON.parse(readFileSync(file, 'utf8'));

export const vectorGroups = content.groups;
