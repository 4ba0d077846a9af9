import { createLocalJWKSet, createRemoteJWKSet, jwtVerify } from 'jose';

export async function joseRemote([{ settings }]) {
  return joseWith(createRemoteJWKSet(new URL(settings.jwksUri)), settings);
}

export async function joseLocal([{ settings, jwks }]) {
  return joseWith(createLocalJWKSet(jwks), settings);
}

function joseWith(keys, { issuer, audience, algorithm }) {
  const options = { issuer, audience, algorithms: [algorithm], typ: 'at+jwt' };
  return (authorization) => jwtVerify(authorization.slice('Bearer '.length), keys, options);
}
