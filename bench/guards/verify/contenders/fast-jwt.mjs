import { createVerifier } from 'fast-jwt';

/** It fetches no keys. Given at the start, they cost it nothing. */
export async function fastJwt([{ settings, publicKey }], cache = false) {
  const verify = createVerifier({
    key: publicKey.export({ type: 'spki', format: 'pem' }),
    algorithms: [settings.algorithm],
    allowedIss: settings.issuer,
    allowedAud: settings.audience,
    cache,
  });
  return (authorization) => verify(authorization.slice('Bearer '.length));
}

/** With room for as many tokens as Gatehouse has by default. */
export function fastJwtWithCache(issuers) {
  return fastJwt(issuers, 10_000);
}
