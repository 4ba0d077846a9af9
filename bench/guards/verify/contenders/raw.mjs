import { createPublicKey, verify } from 'node:crypto';

/** The limit: nothing but the signature, with keys that are ready and tokens that were taken apart before. */
export async function raw(issuers) {
  const keys = new Map(issuers.flatMap(({ jwks }) => jwks.keys).map(keyWithId));
  return (_authorization, { kid, signingInput, signature }) => {
    if (!verify('sha256', signingInput, keys.get(kid), signature)) throw new Error('bad signature');
  };
}

function keyWithId(jwk) {
  return [
    jwk.kid,
    { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' },
  ];
}
