import { JwtVerifier } from 'aws-jwt-verify';

/** Its synchronous way, with the key set given at the start. */
export async function awsJwtVerify([{ settings, jwks }]) {
  const { issuer, audience } = settings;
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri: 'https://auth.example/jwks' });
  verifier.cacheJwks(jwks);
  return (authorization) => verifier.verifySync(authorization.slice('Bearer '.length));
}
