import { readFileSync } from 'node:fs';

/** Vectors of Project Wycheproof (https://github.com/C2SP/wycheproof) that share their public keys. */
interface VectorGroup {
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

/** Vectors of Project Wycheproof for Ed25519, by public key. */
interface Ed25519Group {
  /** The public key (RFC 8037 §2). */
  readonly x: string;
  readonly tests: readonly Ed25519Vector[];
}

interface Ed25519Vector extends Omit<Vector, 'jws'> {
  /** In hexadecimal, as the signature. */
  readonly message: string;
  readonly signature: string;
}

function readGroups<Group>(name: string): readonly Group[] {
  const file = new URL(name, import.meta.url);
  const content: { readonly groups: readonly Group[] } = JSON.parse(readFileSync(file, 'utf8'));
  return content.groups;
}

export const vectorGroups = readGroups<VectorGroup>('asymmetric-jws.json');
export const ed25519Groups = readGroups<Ed25519Group>('ed25519.json');
