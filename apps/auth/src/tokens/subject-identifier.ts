import { createHash } from 'node:crypto';

export interface SubjectAccount {
  readonly id: string;
  /** 128 random bits that only this server knows. */
  readonly pairwiseSeed: string;
}

export interface SubjectClient {
  readonly id: string;
  readonly subjectType: 'public' | 'pairwise';
  readonly redirectUris: readonly string[];
}

/**
 * The `sub` of an account for a client (OpenID Connect Core §8). A pairwise subject is a hash of the client's host and of the
 * account's secret seed: clients of one host share it, and clients of different hosts cannot link their subjects.
 */
export function computeSubject(
  { id, pairwiseSeed }: SubjectAccount,
  client: SubjectClient,
): string {
  if (client.subjectType === 'public') return id;
  return createHash('sha256')
    .update(JSON.stringify([findSector(client), pairwiseSeed]))
    .digest('base64url');
}

/** The host of all redirect URIs (§8.1). A client with redirect URIs on several hosts shares its sector with no other client. */
function findSector({ id, redirectUris }: SubjectClient): string {
  const hosts = new Set(redirectUris.map((uri) => new URL(uri).host));
  const [host] = hosts;
  return hosts.size === 1 && host ? `host ${host}` : `client ${id}`;
}
