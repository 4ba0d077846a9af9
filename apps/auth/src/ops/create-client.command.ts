import { SubCommand } from 'nest-commander';
import { ACCOUNT_SCOPES, OPENID_SCOPES } from '../clients/auth.scopes.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import {
  clientKeySetSchema,
  generateClientSecret,
  hashClientSecret,
} from '../clients/registered-credentials.js';
import { ClientOperationsService } from '../sessions/client-operations.service.js';
import type { ClientRegistration } from '../clients/client.repository.js';
import { findRegistrationFault, findScopeWarnings } from '../clients/client-registration.js';
import {
  ClientRegistrationCommand,
  type ClientRegistrationOptions,
} from './client-registration.command.js';
import { readJsonFile } from './option-parsers.js';
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
    const fault = findRegistrationFault(client);
    if (fault) throw new UsageError(fault);
    await this.runner.change(options, async (server) => {
      const config = server.get<AuthConfig>(AUTH_CONFIG);
      checkScopesAndServers(client, config);
      const isNew = await server.get(ClientOperationsService).create(client, 'operator');
      if (!isNew) throw new OperationRefused(`the client ${id} exists already`);
      findScopeWarnings(client, config).forEach((text) => this.runner.printNotice(text));
      const { secretHashes, ...value } = client;
      return {
        value,
        text: `The client ${id} is registered: ${client.authMethod}, ${client.grantTypes.join(' ')}.`,
        ...(secretHashes.length > 0 && { secret: { name: 'clientSecret', value: secret } }),
      };
    });
  }
}

async function toRegistration(
  id: string,
  options: ClientRegistrationOptions,
  secret: string,
): Promise<ClientRegistration> {
  const { json, dryRun, jwks, authMethod = 'client_secret_basic', ...metadata } = options;
  const { grant = ['client_credentials'], pkce = true, ...others } = metadata;
  const { redirectUri = [], postLogoutRedirectUri = [], exchangeTarget = [], ...rest } = others;
  return {
    ...rest,
    id,
    authMethod,
    secretHashes: authMethod.startsWith('client_secret_') ? [hashClientSecret(secret)] : [],
    grantTypes: grant,
    requirePkce: pkce,
    redirectUris: redirectUri,
    postLogoutRedirectUris: postLogoutRedirectUri,
    exchangeTargets: exchangeTarget,
    jwks: await readKeys(jwks),
  };
}

const readKeys = async (file: string | undefined): Promise<string | null> =>
  file === undefined ? null : JSON.stringify(await readJsonFile(file, clientKeySetSchema));

function checkScopesAndServers(client: ClientRegistration, { RESOURCE_SERVERS }: AuthConfig): void {
  const knownScopes = new Set([
    ...RESOURCE_SERVERS.flatMap(({ scopes }) => scopes),
    ...Object.keys(OPENID_SCOPES),
    ...Object.keys(ACCOUNT_SCOPES),
  ]);
  const unknownScope = client.scope.find((word) => !knownScopes.has(word));
  if (unknownScope !== undefined) {
    throw new OperationRefused(
      `no resource server has the scope ${unknownScope}: see RESOURCE_SERVERS`,
    );
  }
  const servers = [client.resourceServer ?? [], client.exchangeTargets ?? []].flat();
  const identifiers = RESOURCE_SERVERS.map(({ identifier }) => identifier);
  const unknownServer = servers.find((identifier) => !identifiers.includes(identifier));
  if (unknownServer !== undefined) {
    throw new OperationRefused(
      `there is no resource server ${unknownServer}: see RESOURCE_SERVERS`,
    );
  }
}
