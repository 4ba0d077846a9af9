export const STATUS_LISTS_PATH = '/oauth/status-lists';

/** Where all lists are listed (draft-ietf-oauth-status-list §9). */
export const statusListsUri = (issuer: string): string =>
  `${issuer.replace(/\/$/, '')}${STATUS_LISTS_PATH}`;

/** What `uri` in tokens and `sub` in the list's own token say: they must be equal (§5.1). */
export const statusListUri = (issuer: string, list: number): string =>
  `${statusListsUri(issuer)}/${list}`;
