import { createHash } from 'node:crypto';
import type { Account } from '../accounts/account.entity.js';
import type { Client } from '../clients/client.entity.js';

/**
 * What a client is told who somebody is (OpenID Connect Core §8). A pairwise subject is the same for all clients of one host,
 * and says nothing to those of another: it is a hash of that host and a seed that only this server knows.
 */
export function computeSubject(
  { id, pairwiseSeed }: Pick<Account, 'id' | 'pairwiseSeed'>,
  client: Pick<Client, 'id' | 'subjectType' | 'redirectUris'>,
): string {
  if (client.subjectType === 'public') return id;
  return createHash('sha256')
    .update(JSON.stringify([findSector(client), pairwiseSeed]))
    .digest('base64url');
}

/** The host that its redirect URIs share (§8.1); a client whose URIs have several is a sector of its own. */
function findSector({ id, redirectUris }: Pick<Client, 'id' | 'redirectUris'>): string {
  const hosts = new Set(redirectUris.map((uri) => new URL(uri).host));
  const [host] = hosts;
  return hosts.size === 1 && host ? `host ${host}` : `client ${id}`;
}
