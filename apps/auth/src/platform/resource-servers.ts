import { parseUrl } from '@gatehouse/service-kit';
import { z } from 'zod';

/** A service that accepts access tokens of this server (RFC 8707). */
export interface ResourceServer {
  /** An absolute URI, the `aud` of its access tokens. The service need not listen there. */
  readonly identifier: string;
  readonly scopes: readonly string[];
  /**
   * The privileged scopes, each with the roles that allow it. A grant of a person carries such a scope only if the account has one
   * of the roles; an empty list allows it to no person. A scope that is not in the map is open to every account.
   */
  readonly privileged: ReadonlyMap<string, readonly string[]>;
}

/** scope-token of RFC 6749 §3.3. */
export const SCOPE_TOKEN_PATTERN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Lower-case words joined by hyphens. */
const ROLE_PATTERN = /^[a-z\d]+(-[a-z\d]+)*$/;
/** The length of the column. */
const MAX_ROLE_LENGTH = 64;

/** Marks a scope of the client credentials grant, which no person may have. It is not a role. */
const SERVICE_MARK = 'service';

interface ScopeEntry {
  readonly scope: string;
  /** The words after each `@`. */
  readonly marks: readonly string[];
}

const readEntry = (word: string): ScopeEntry => {
  const [scope = '', ...marks] = word.split('@');
  return { scope, marks };
};

const isMark = (mark: string): boolean => ROLE_PATTERN.test(mark) && mark.length <= MAX_ROLE_LENGTH;

export const isRoleName = (text: string): boolean => isMark(text) && text !== SERVICE_MARK;

function findEntryFault({ scope, marks }: ScopeEntry): string | undefined {
  const word = [scope, ...marks].join('@');
  if (!SCOPE_TOKEN_PATTERN.test(scope)) return `"${word}" is not a scope (RFC 6749 §3.3)`;
  const wrong = marks.find((mark) => !isMark(mark));
  if (wrong !== undefined) {
    return `"${word}" names no role: write scope@role, or scope@service for a scope that no person may have`;
  }
  return marks.includes(SERVICE_MARK) && marks.length > 1
    ? `"${word}" names the mark "service" and a role: a scope has either`
    : undefined;
}

/** A scope means the same at every resource server, because a grant is a list of scopes. */
function findContradiction(entries: readonly ScopeEntry[]): string | undefined {
  const known = new Map<string, string>();
  for (const { scope, marks } of entries) {
    const text = marks.toSorted().join('@');
    if ((known.get(scope) ?? text) !== text) return `"${scope}" is listed with different roles`;
    known.set(scope, text);
  }
  return undefined;
}

const isIdentifier = (text: string): boolean => parseUrl(text) !== undefined && !text.includes('#');

function findServerFault(identifier: string, entries: readonly ScopeEntry[]): string | undefined {
  if (!isIdentifier(identifier)) return `"${identifier}" is no absolute URI without fragment`;
  if (entries.length === 0) return `"${identifier}" has no scope`;
  return entries.map(findEntryFault).find((fault) => fault !== undefined);
}

/** Client libraries write `https://api.example` as `https://api.example/` (RFC 3986 §6.2.3). */
export const normalizeUri = (uri: string): string => parseUrl(uri)?.href ?? uri;

/** @param servers of two with one identifier, the first counts */
export function createServerFinder(
  servers: readonly ResourceServer[],
): (uri: string) => ResourceServer | undefined {
  const byUri = new Map(
    servers.toReversed().map((server) => [normalizeUri(server.identifier), server]),
  );
  return (uri) => byUri.get(normalizeUri(uri));
}

/** Two spellings of one URL name the same resource server. */
function findRepetition(identifiers: readonly string[]): string | undefined {
  const known = new Set<string>();
  for (const identifier of identifiers) {
    const uri = normalizeUri(identifier);
    if (known.has(uri)) return `"${identifier}" is listed twice`;
    known.add(uri);
  }
  return undefined;
}

const RULE =
  'must be "identifier scope scope@role …; …" with absolute URIs without fragment (RFC 8707 §2)';

/** A setting: `identifier scope scope@role …; identifier scope@service …`. */
export const resourceServersSetting = () =>
  z.string().transform((text, context): readonly ResourceServer[] => {
    const servers = text
      .split(';')
      .map((part) => part.split(/[\s,]+/).filter(Boolean))
      .filter((words) => words.length > 0)
      .map(([identifier = '', ...words]) => ({ identifier, entries: words.map(readEntry) }));
    const fault =
      servers
        .map(({ identifier, entries }) => findServerFault(identifier, entries))
        .find((each) => each !== undefined) ??
      findRepetition(servers.map(({ identifier }) => identifier)) ??
      findContradiction(servers.flatMap(({ entries }) => entries));
    if (servers.length === 0) context.addIssue(RULE);
    const params = { namesValue: true };
    if (fault !== undefined) {
      context.addIssue({ code: 'custom', message: `${RULE}; ${fault}`, params });
    }
    return servers.map(toResourceServer);
  });

const toResourceServer = ({
  identifier,
  entries,
}: {
  identifier: string;
  entries: readonly ScopeEntry[];
}): ResourceServer => ({
  identifier,
  scopes: entries.map(({ scope }) => scope),
  privileged: new Map(
    entries
      .filter(({ marks }) => marks.length > 0)
      .map(({ scope, marks }) => [scope, marks.filter((mark) => mark !== SERVICE_MARK)]),
  ),
});

/** The privileged scopes of all resource servers, each with the roles that allow it. */
export const listPrivilegedScopes = (
  servers: readonly ResourceServer[],
): ReadonlyMap<string, readonly string[]> =>
  new Map(servers.flatMap(({ privileged }) => [...privileged]));

/** The roles that the resource servers name, in alphabetical order. */
export const listRoles = (servers: readonly ResourceServer[]): readonly string[] =>
  [...new Set([...listPrivilegedScopes(servers).values()].flat())].sort();
