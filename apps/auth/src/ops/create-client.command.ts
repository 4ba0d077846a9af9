import { Option, SubCommand } from 'nest-commander';
import { ACCOUNT_SCOPES, OPENID_SCOPES } from '../clients/auth.scopes.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import {
  clientKeySetSchema,
  generateClientSecret,
  hashClientSecret,
} from '../clients/registered-credentials.js';
import { ClientOperationsService } from '../sessions/client-operations.service.js';
import {
  completeRegistration,
  type CompleteRegistration,
  findRegistrationFaults,
  findScopeWarnings,
} from '../clients/client-registration.js';
import {
  ClientRegistrationCommand,
  type ClientRegistrationOptions,
} from './client-registration.command.js';
import { parseWords, readJsonFile } from './option-parsers.js';
import { OperationRunner } from './operation-runner.js';
import { OperationRefused, UsageError } from './errors.js';

@SubCommand({
  name: 'create',
  arguments: '<id>',
  description: 'register a client; its generated secret is printed once',
})
export class CreateClientCommand extends ClientRegistrationCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  async run([id = '']: string[], options: ClientRegistrationOptions): Promise<void> {
    const secret = generateClientSecret();
    const client = await toRegistration(id, options, secret);
    const [fault] = findRegistrationFaults(client);
    if (fault !== undefined) throw new UsageError(fault);
    await this.runner.change(options, async (server) => {
      const config = server.get<AuthConfig>(AUTH_CONFIG);
      const [unknown] = findUnknownNames(client, config);
      if (unknown !== undefined) throw new OperationRefused(unknown);
      const operations = server.get(ClientOperationsService);
      if (!(await operations.create(client, 'operator'))) {
        throw new OperationRefused(describeExisting(await operations.find(id), id));
      }
      this.runner.printNotices(findNotices(client, config));
      const { secretHashes, ...value } = client;
      return {
        value,
        text: `The client ${id} is registered: ${client.authMethod}, ${client.grantTypes.join(' ')}.`,
        ...(secretHashes.length > 0 && { secret: describeClientSecret(id, secret) }),
      };
    });
  }

  @Option({
    flags: '--scope <scopes>',
    description: 'scopes that the client may request',
    required: true,
  })
  scope(text: string): readonly string[] {
    return parseWords(text);
  }
}

/** The new secret of a client, with a sentence for the operator. */
export const describeClientSecret = (id: string, value: string) => ({
  name: 'clientSecret',
  value,
  labels: { client_id: id, client_secret: value },
  purpose: `Configure the client with both. A lost secret is replaced with: clients rotate-secret ${id}`,
});

const describeExisting = (client: { disabledAt: Date | null } | undefined, id: string): string =>
  client?.disabledAt
    ? `the client ${id} exists already and is disabled: use clients enable ${id}, and clients update ${id} to change it`
    : `the client ${id} exists already: use clients update ${id} to change it`;

type Given<Values> = { readonly [Name in keyof Values]?: Exclude<Values[Name], undefined> };

function omitUndefined<Values extends object>(values: Values): Given<Values> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Given<Values>;
}

/** The properties of a registration that the options set. The type demands every property. */
export async function readRegistrationOptions(options: ClientRegistrationOptions) {
  const { jwks, scope, authMethod, name, firstParty, idTokenAlgorithm, subjectType } = options;
  return omitUndefined({
    ...{ scope, authMethod, name, firstParty, idTokenAlgorithm, subjectType },
    grantTypes: options.grant,
    redirectUris: options.redirectUri,
    postLogoutRedirectUris: options.postLogoutRedirectUri,
    allowedOrigins: options.allowedOrigin,
    requirePkce: options.pkce,
    jwks: jwks === undefined ? undefined : await readKeys(jwks),
    assertionAudience: options.assertionAudience,
    resourceServer: options.resourceServer,
    exchangeTargets: options.exchangeTarget,
    dpopBound: options.dpopBound,
    separateTokens: options.separateTokens,
    leanIdTokens: options.leanIdTokens,
    accessTokenTtl: options.accessTokenTtl,
    refreshIdleTtl: options.refreshIdleTtl,
    refreshAbsoluteTtl: options.refreshAbsoluteTtl,
  } satisfies Record<Exclude<keyof CompleteRegistration, 'id' | 'secretHashes'>, unknown>);
}

const readKeys = async (file: string): Promise<string> =>
  JSON.stringify(await readJsonFile(file, clientKeySetSchema));

async function toRegistration(
  id: string,
  options: ClientRegistrationOptions,
  secret: string,
): Promise<CompleteRegistration> {
  const given = await readRegistrationOptions(options);
  const { authMethod = 'client_secret_basic' } = given;
  return completeRegistration({
    grantTypes: ['client_credentials'],
    scope: [],
    ...given,
    id,
    authMethod,
    secretHashes: authMethod.startsWith('client_secret_') ? [hashClientSecret(secret)] : [],
  });
}

/** @returns a sentence for each scope and each resource server of the registration that does not exist */
export function findUnknownNames(
  { scope, resourceServer, exchangeTargets }: CompleteRegistration,
  { RESOURCE_SERVERS }: AuthConfig,
): readonly string[] {
  const knownScopes = new Set([
    ...RESOURCE_SERVERS.flatMap(({ scopes }) => scopes),
    ...Object.keys(OPENID_SCOPES),
    ...Object.keys(ACCOUNT_SCOPES),
  ]);
  const identifiers = RESOURCE_SERVERS.map(({ identifier }) => identifier);
  const servers = [resourceServer ?? [], exchangeTargets].flat();
  return [
    ...scope
      .filter((word) => !knownScopes.has(word))
      .map((word) => `no resource server has the scope ${word}: see RESOURCE_SERVERS`),
    ...servers
      .filter((identifier) => !identifiers.includes(identifier))
      .map((identifier) => `there is no resource server ${identifier}: see RESOURCE_SERVERS`),
  ];
}

/** @returns a sentence for each property that is accepted and often a mistake */
export const findNotices = (
  client: CompleteRegistration,
  config: AuthConfig,
): readonly string[] => [...findPortNotices(client), ...findScopeWarnings(client, config)];

const findPortNotices = ({ authMethod, redirectUris }: CompleteRegistration): readonly string[] =>
  redirectUris
    .filter((uri) => authMethod === 'none' && uri.startsWith('http://localhost'))
    .map((uri) => {
      const literal = uri.replace('localhost', '127.0.0.1');
      return `The port of ${uri} is fixed. If the app listens on any free port, register ${literal} (RFC 8252 §7.3).`;
    });
