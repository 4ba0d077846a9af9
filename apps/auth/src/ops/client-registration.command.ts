import { Option } from 'nest-commander';
import {
  ASSERTION_AUDIENCES,
  type AssertionAudience,
  AUTH_METHODS,
  type AuthMethod,
  GRANT_TYPES,
  PKCE_RULES,
  type PkceRule,
  SUBJECT_TYPES,
  type SubjectType,
  TOKEN_EXCHANGE,
} from '../clients/client.entity.js';
import {
  ACCESS_TOKEN_TTL_RANGE,
  ID_TOKEN_ALGORITHMS,
  REFRESH_TTL_RANGE,
  TOKEN_EXCHANGE_ALIAS,
} from './client-options.js';
import { ChangingCommand } from './operation-runner.js';
import { parseChoice, parseSeconds, parseWord, parseWords } from './option-parsers.js';
import { UsageError } from './errors.js';

/** Declares the options of a command that registers or changes a client. */
export abstract class ClientRegistrationCommand extends ChangingCommand {
  @Option({
    flags: '--grant <grants>',
    description: `grant types; default client_credentials; or authorization_code, refresh_token, ${TOKEN_EXCHANGE_ALIAS}`,
  })
  grant(text: string): readonly string[] {
    return parseWords(text).map((word) =>
      parseChoice(GRANT_TYPES, word === TOKEN_EXCHANGE_ALIAS ? TOKEN_EXCHANGE : word),
    );
  }

  @Option({
    flags: '--auth-method <method>',
    description: 'authentication method; default client_secret_basic; none: a public client',
    choices: [...AUTH_METHODS],
  })
  authMethod(text: string): AuthMethod {
    return parseChoice(AUTH_METHODS, text);
  }

  @Option({ flags: '--jwks <file>', description: 'public keys (JWK Set), for private_key_jwt' })
  jwks(file: string): string {
    return file;
  }

  @Option({
    flags: '--assertion-audience <audience>',
    description: 'aud of assertions: issuer (default), or token-endpoint, which is less safe',
    choices: [...ASSERTION_AUDIENCES],
  })
  assertionAudience(text: string): AssertionAudience {
    return parseChoice(ASSERTION_AUDIENCES, text);
  }

  @Option({ flags: '--name <name>', description: 'name that the pages show to users' })
  name(text: string): string {
    if (text.length > 100) throw new UsageError('a name has at most 100 characters');
    return text;
  }

  @Option({
    flags: '--redirect-uri <uri>',
    description: 'exact redirect URI for authorization codes; may be given several times',
  })
  redirectUri(uri: string, others: readonly string[] = []): readonly string[] {
    return [...others, parseWord(uri)];
  }

  @Option({
    flags: '--post-logout-redirect-uri <uri>',
    description: 'redirect URI after a logout; may be given several times',
  })
  postLogoutRedirectUri(uri: string, others: readonly string[] = []): readonly string[] {
    return [...others, parseWord(uri)];
  }

  @Option({
    flags: '--backchannel-logout-uri <uri>',
    description: 'where the client receives a logout token when a session ends',
  })
  backchannelLogoutUri(uri: string): string {
    return parseWord(uri);
  }

  @Option({
    flags: '--allowed-origin <origin>',
    description:
      'origin of a page or app that calls the token endpoint, such as capacitor://localhost; may be given several times',
  })
  allowedOrigin(origin: string, others: readonly string[] = []): readonly string[] {
    return [...others, parseWord(origin)];
  }

  @Option({ flags: '--first-party', description: 'the operator’s own client: skips consent' })
  firstParty(): boolean {
    return true;
  }

  @Option({ flags: '--no-first-party', description: 'ask users for consent (default)' })
  noFirstParty(): boolean {
    return false;
  }

  @Option({
    flags: '--pkce [rule]',
    description:
      'which requests need PKCE: always (recommended; public clients); or-nonce (default): those without openid and a nonce; never-required',
    choices: [...PKCE_RULES],
  })
  pkce(text: string): PkceRule {
    return parseChoice(PKCE_RULES, text);
  }

  @Option({ flags: '--no-pkce', description: 'the rule never-required' })
  noPkce(): boolean {
    return false;
  }

  @Option({
    flags: '--id-token-algorithm <algorithm>',
    description: 'signature algorithm of ID tokens; default ID_TOKEN_ALGORITHM',
    choices: [...ID_TOKEN_ALGORITHMS],
  })
  idTokenAlgorithm(text: string): (typeof ID_TOKEN_ALGORITHMS)[number] {
    return parseChoice(ID_TOKEN_ALGORITHMS, text);
  }

  @Option({
    flags: '--subject-type <type>',
    description: 'default public; pairwise: the same user has another sub for each redirect host',
    choices: [...SUBJECT_TYPES],
  })
  subjectType(text: string): SubjectType {
    return parseChoice(SUBJECT_TYPES, text);
  }

  @Option({
    flags: '--resource-server <identifier>',
    description:
      'resource server that the client represents: it may introspect and exchange its tokens',
  })
  resourceServer(text: string): string {
    return text;
  }

  @Option({
    flags: '--exchange-target <identifier>',
    description: 'resource server to exchange tokens for; may be given several times',
  })
  exchangeTarget(text: string, others: readonly string[] = []): readonly string[] {
    return [...others, text];
  }

  @Option({ flags: '--dpop-bound', description: 'only tokens bound to a key (RFC 9449)' })
  dpopBound(): boolean {
    return true;
  }

  @Option({ flags: '--no-dpop-bound', description: 'also issue tokens without a key (default)' })
  noDpopBound(): boolean {
    return false;
  }

  @Option({
    flags: '--separate-tokens',
    description: 'issue access tokens for an API or for userinfo, never for both',
  })
  separateTokens(): boolean {
    return true;
  }

  @Option({ flags: '--no-separate-tokens', description: 'one token for both (default)' })
  noSeparateTokens(): boolean {
    return false;
  }

  @Option({
    flags: '--lean-id-tokens',
    description: 'issue ID tokens without name and e-mail, unless `claims` requests them',
  })
  leanIdTokens(): boolean {
    return true;
  }

  @Option({
    flags: '--no-lean-id-tokens',
    description: 'issue ID tokens with the claims of the granted scopes (default)',
  })
  noLeanIdTokens(): boolean {
    return false;
  }

  @Option({
    flags: '--access-token-ttl <seconds>',
    description: 'lifetime of access tokens; default ACCESS_TOKEN_TTL',
  })
  accessTokenTtl(text: string): number {
    return parseSeconds(text, ACCESS_TOKEN_TTL_RANGE);
  }

  @Option({
    flags: '--refresh-idle-ttl <seconds>',
    description: 'idle lifetime of sessions; default REFRESH_IDLE_TTL',
  })
  refreshIdleTtl(text: string): number {
    return parseSeconds(text, REFRESH_TTL_RANGE);
  }

  @Option({
    flags: '--refresh-absolute-ttl <seconds>',
    description: 'absolute lifetime of sessions; default REFRESH_ABSOLUTE_TTL',
  })
  refreshAbsoluteTtl(text: string): number {
    return parseSeconds(text, REFRESH_TTL_RANGE);
  }
}
