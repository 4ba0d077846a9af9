import { SubCommand } from 'nest-commander';
import { ACCOUNT_SCOPES, OPENID_SCOPES } from '../clients/auth.scopes.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { clientKeySetSchema } from '../clients/client-keys.js';
import { ClientOperationsService } from '../sessions/client-operations.service.js';
import { generateClientSecret, hashClientSecret } from '../clients/client-secret.js';
import type { ClientRegistration } from '../clients/client.repository.js';
import { findRegistrationFault } from '../clients/client-registration.js';
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
  description: 'register an application; its secret is made here and printed once',
})
export class CreateClientCommand extends ClientRegistrationCommand {
  constructor(private readonly operator: OperationRunner) {
    super();
  }

  async run([id = '']: string[], wish: ClientRegistrationOptions): Promise<void> {
    const secret = generateClientSecret();
    const client = await toRegistration(id, wish, secret);
    const fault = findRegistrationFault(client);
    if (fault) throw new UsageError(fault);
    await this.operator.change(wish, async (server) => {
      checkScopesAndServers(client, server.get<AuthConfig>(AUTH_CONFIG));
      const isNew = await server.get(ClientOperationsService).create(client, 'operator');
      if (!isNew) throw new OperationRefused(`there is a client ${id} already`);
      const { secretHashes, ...value } = client;
      return {
        value,
        text: `The client ${id} may ask for tokens: ${client.authMethod}, ${client.grantTypes.join(' ')}.`,
        ...(secretHashes.length > 0 && { secret: { name: 'clientSecret', value: secret } }),
      };
    });
  }
}

async function toRegistration(
  id: string,
  wish: ClientRegistrationOptions,
  secret: string,
): Promise<ClientRegistration> {
  const { json, dryRun, jwks, authMethod = 'client_secret_basic', ...more } = wish;
  const { grant = ['client_credentials'], pkce = true, ...known } = more;
  const { redirectUri = [], postLogoutRedirectUri = [], exchangeTarget = [], ...rest } = known;
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
  const known = new Set([
    ...RESOURCE_SERVERS.flatMap(({ scopes }) => scopes),
    ...Object.keys(OPENID_SCOPES),
    ...Object.keys(ACCOUNT_SCOPES),
  ]);
  const unknown = client.scope.find((word) => !known.has(word));
  if (unknown !== undefined) {
    throw new OperationRefused(`no resource server has the scope ${unknown}: see RESOURCE_SERVERS`);
  }
  const servers = [client.resourceServer ?? [], client.exchangeTargets ?? []].flat();
  const identifiers = RESOURCE_SERVERS.map(({ identifier }) => identifier);
  const stranger = servers.find((identifier) => !identifiers.includes(identifier));
  if (stranger !== undefined) {
    throw new OperationRefused(`there is no resource server ${stranger}: see RESOURCE_SERVERS`);
  }
}
