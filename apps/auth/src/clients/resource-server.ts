import { z } from 'zod';

/** A service that accepts this server's access tokens (RFC 8707). */
export interface ResourceServer {
  /** Absolute URI; becomes `aud`. It is a name: it need not be where the service listens. */
  readonly identifier: string;
  /** What may be done there; the first word of a scope tells nothing, the list does. */
  readonly scopes: readonly string[];
}

/** scope-token of RFC 6749 §3.3. */
export const SCOPE_TOKEN_PATTERN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** A setting: `identifier scope scope …; identifier scope …`. */
export const resourceServersSetting = () =>
  z.string().transform((text, context): readonly ResourceServer[] => {
    const servers = text
      .split(';')
      .map((part) => part.trim().split(/\s+/))
      .map(([identifier = '', ...scopes]) => ({ identifier, scopes }));
    const wrong = servers.find((server) => !isValidResourceServer(server));
    if (wrong) {
      context.addIssue(
        `must be "identifier scope scope …; …" with absolute URIs without fragment (RFC 8707 §2); ` +
          `"${wrong.identifier}" is not right`,
      );
    }
    return servers;
  });

const isValidResourceServer = ({ identifier, scopes }: ResourceServer): boolean =>
  URL.canParse(identifier) &&
  !identifier.includes('#') &&
  scopes.length > 0 &&
  scopes.every((scope) => SCOPE_TOKEN_PATTERN.test(scope));
