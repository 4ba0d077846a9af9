import { Option } from 'nest-commander';
import {
  AUTH_METHODS,
  type AuthMethod,
  GRANT_TYPES,
  SUBJECT_TYPES,
  type SubjectType,
  TOKEN_EXCHANGE,
} from '../clients/client.entity.js';
import { ChangingCommand } from './ops-command.js';
import type { ChangeOptions } from './operation-runner.js';
import { parseChoice, parseSeconds, parseWord, parseWords } from './option-parsers.js';
import { UsageError } from './errors.js';

const ACCESS_TOKEN_TTL_RANGE = { min: 1, max: 3600 };
const REFRESH_TTL_RANGE = { min: 60, max: 31_536_000 };
const ID_TOKEN_ALGORITHMS = ['RS256', 'ES256'] as const;
/** The name of RFC 8693 is 47 characters long. */
const TOKEN_EXCHANGE_ALIAS = 'token-exchange';

/** What is asked for when a client is registered. */
export interface ClientRegistrationOptions extends ChangeOptions {
  readonly scope: readonly string[];
  readonly grant?: readonly string[];
  readonly authMethod?: AuthMethod;
  readonly jwks?: string;
  readonly name?: string;
  readonly redirectUri?: readonly string[];
  readonly postLogoutRedirectUri?: readonly string[];
  readonly firstParty?: boolean;
  /** False for `--no-pkce`. */
  readonly pkce?: boolean;
  readonly idTokenAlgorithm?: (typeof ID_TOKEN_ALGORITHMS)[number];
  readonly subjectType?: SubjectType;
  readonly resourceServer?: string;
  readonly exchangeTarget?: readonly string[];
  readonly dpopBound?: boolean;
  readonly accessTokenTtl?: number;
  readonly refreshIdleTtl?: number;
  readonly refreshAbsoluteTtl?: number;
}

/** The options of a command that registers a client. */
export abstract class ClientRegistrationCommand extends ChangingCommand {
  @Option({
    flags: '--scope <scopes>',
    description: 'the most that it may ask for',
    required: true,
  })
  scope(text: string): readonly string[] {
    return parseWords(text);
  }

  @Option({
    flags: '--grant <grants>',
    description: `default client_credentials; or authorization_code, refresh_token, ${TOKEN_EXCHANGE_ALIAS}`,
  })
  grant(text: string): readonly string[] {
    return parseWords(text).map((word) =>
      parseChoice(GRANT_TYPES, word === TOKEN_EXCHANGE_ALIAS ? TOKEN_EXCHANGE : word),
    );
  }

  @Option({
    flags: '--auth-method <method>',
    description: 'default client_secret_basic; none makes a public client',
    choices: [...AUTH_METHODS],
  })
  authMethod(text: string): AuthMethod {
    return parseChoice(AUTH_METHODS, text);
  }

  @Option({ flags: '--jwks <file>', description: 'its public keys (JWK Set), for private_key_jwt' })
  jwks(file: string): string {
    return file;
  }

  @Option({ flags: '--name <name>', description: 'what people are told that it is called' })
  name(text: string): string {
    if (text.length > 100) throw new UsageError('a name has at most 100 characters');
    return text;
  }

  @Option({
    flags: '--redirect-uri <uri>',
    description: 'where codes may be sent, to the character; may be given several times',
  })
  redirectUri(uri: string, others: readonly string[] = []): readonly string[] {
    return [...others, parseWord(uri)];
  }

  @Option({
    flags: '--post-logout-redirect-uri <uri>',
    description: 'where people may be sent after a logout; may be given several times',
  })
  postLogoutRedirectUri(uri: string, others: readonly string[] = []): readonly string[] {
    return [...others, parseWord(uri)];
  }

  @Option({ flags: '--first-party', description: 'one of our own: nobody is asked for consent' })
  firstParty(): boolean {
    return true;
  }

  @Option({ flags: '--no-pkce', description: 'it may do without PKCE; not for public clients' })
  pkce(): boolean {
    return false;
  }

  @Option({
    flags: '--id-token-algorithm <algorithm>',
    description: 'default ID_TOKEN_ALGORITHM',
    choices: [...ID_TOKEN_ALGORITHMS],
  })
  idTokenAlgorithm(text: string): (typeof ID_TOKEN_ALGORITHMS)[number] {
    return parseChoice(ID_TOKEN_ALGORITHMS, text);
  }

  @Option({
    flags: '--subject-type <type>',
    description: 'default public; pairwise gives each host other names for people',
    choices: [...SUBJECT_TYPES],
  })
  subjectType(text: string): SubjectType {
    return parseChoice(SUBJECT_TYPES, text);
  }

  @Option({
    flags: '--resource-server <identifier>',
    description: 'the one that it is: it may introspect, and exchange, tokens for it',
  })
  resourceServer(text: string): string {
    return text;
  }

  @Option({
    flags: '--exchange-target <identifier>',
    description: 'a resource server that it may exchange them for; may be given several times',
  })
  exchangeTarget(text: string, others: readonly string[] = []): readonly string[] {
    return [...others, text];
  }

  @Option({
    flags: '--dpop-bound',
    description: 'its tokens are bound to a key of its own, and it gets no others (RFC 9449)',
  })
  dpopBound(): boolean {
    return true;
  }

  @Option({ flags: '--access-token-ttl <seconds>', description: 'default ACCESS_TOKEN_TTL' })
  accessTokenTtl(text: string): number {
    return parseSeconds(text, ACCESS_TOKEN_TTL_RANGE);
  }

  @Option({ flags: '--refresh-idle-ttl <seconds>', description: 'default REFRESH_IDLE_TTL' })
  refreshIdleTtl(text: string): number {
    return parseSeconds(text, REFRESH_TTL_RANGE);
  }

  @Option({
    flags: '--refresh-absolute-ttl <seconds>',
    description: 'default REFRESH_ABSOLUTE_TTL',
  })
  refreshAbsoluteTtl(text: string): number {
    return parseSeconds(text, REFRESH_TTL_RANGE);
  }
}
