import type { JsonObject } from './strict-json.js';
import { fetchJson, type FetchLimits } from './bounded-fetch.js';
import { buildWellKnownUrl } from './urls.js';

/**
 * What an issuer says of itself (RFC 8414 §3, OpenID Connect Discovery 1.0 §4).
 *
 * @param elsewhere the address that is asked in place of each
 * @throws Error saying what each address answered
 */
export function discoverMetadata(
  issuer: string,
  limits: FetchLimits,
  elsewhere: (address: string) => string,
): Promise<JsonObject> {
  return tryMetadataUrls(issuer, (address) => fetchMetadata(elsewhere(address), issuer, limits));
}

/**
 * Where it says its key set is.
 *
 * @throws Error saying what each address answered
 */
export function discoverJwksUri(issuer: string, limits: FetchLimits): Promise<string> {
  return tryMetadataUrls(issuer, async (address) => {
    const { jwks_uri: jwksUri } = await fetchMetadata(address, issuer, limits);
    if (typeof jwksUri !== 'string') throw new Error(`${address} names no jwks_uri`);
    return jwksUri;
  });
}

async function tryMetadataUrls<T>(
  issuer: string,
  ask: (address: string) => Promise<T>,
): Promise<T> {
  const addresses = [
    buildWellKnownUrl(new URL(issuer), 'oauth-authorization-server'),
    `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
  ];
  const failures: unknown[] = [];
  for (const address of addresses) {
    try {
      return await ask(address);
    } catch (failure) {
      failures.push(failure);
    }
  }
  const words = failures.map((failure) => (failure instanceof Error ? failure.message : failure));
  throw new AggregateError(failures, `No metadata of ${issuer}: ${words.join('; ')}`);
}

/** The issuer in the document must be the one that was asked (RFC 8414 §3.3). */
async function fetchMetadata(
  address: string,
  issuer: string,
  limits: FetchLimits,
): Promise<JsonObject> {
  const { body } = await fetchJson(address, limits);
  if (body['issuer'] !== issuer) throw new Error(`${address} is the metadata of another issuer`);
  return body;
}
