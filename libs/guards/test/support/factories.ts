import { AccessTokenVerifier } from '../../src/core/access-token-verifier.js';
import { importKeySet } from '../../src/core/key-set-source.js';
import { KeySet } from '../../src/core/key-set.js';
import {
  type Algorithm,
  type GuardsOptions,
  RequestAuthenticator,
  TrustedIssuers,
} from '../../src/index.js';
import { resolveOptions } from '../../src/nest/resolve-options.js';

/** An authenticator without an application. */
export function anAuthenticator(options: GuardsOptions): RequestAuthenticator {
  const resolved = resolveOptions(options);
  return new RequestAuthenticator(resolved, new TrustedIssuers(resolved));
}

/** An authenticator with these options and the keys of others. */
export function anAuthenticatorSharing(
  options: GuardsOptions,
  keys: TrustedIssuers,
): RequestAuthenticator {
  const resolved = resolveOptions(options);
  const verifier = new AccessTokenVerifier(resolved, keys.verifier.issuers);
  const issuers = Object.assign(new TrustedIssuers(resolved), { verifier });
  return new RequestAuthenticator(resolved, issuers);
}

/** Returns the verified token, or the error of the verification. Never rejects. */
export async function verifyOrError(
  authenticator: Pick<RequestAuthenticator, 'verifyToken'>,
  token: string,
): Promise<unknown> {
  try {
    return await authenticator.verifyToken(token);
  } catch (error) {
    return error;
  }
}

/** Parses a key set that needs no request. */
export const parseKeySet = (keys: unknown, algorithms: readonly Algorithm[]) =>
  importKeySet('https://auth.example/keys', () => keys, algorithms);

/** The key set of the first issuer, without an application. */
export function aKeySet(options: GuardsOptions): KeySet {
  const resolved = resolveOptions(options);
  const [issuer] = resolved.issuers;
  if (!issuer) throw new Error('No issuer');
  return new KeySet(issuer, resolved);
}
