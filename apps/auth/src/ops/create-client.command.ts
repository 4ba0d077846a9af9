import { SubCommand } from 'nest-commander';
import { ACCOUNT_SCOPES } from '../account.scopes.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { clientKeys } from '../clients/client-keys.js';
import { ClientOperations } from '../clients/client-operations.js';
import { hashOfSecret, newClientSecret } from '../clients/client-secret.js';
import type { ClientRegistration } from '../clients/clients.js';
import { faultOf } from '../clients/registration-rules.js';
import { OPENID_SCOPES } from '../openid.scopes.js';
import { ClientOptions, type ClientWish } from './client-options.js';
import { fromJsonFile } from './json-file.js';
import { Operator } from './operator.js';
import { Misuse, Refusal } from './refusal.js';

@SubCommand({
  name: 'create',
  arguments: '<id>',
  description: 'register an application; its secret is made here and printed once',
})
export class CreateClient extends ClientOptions {
  constructor(private readonly operator: Operator) {
    super();
  }

  async run([id = '']: string[], wish: ClientWish): Promise<void> {
    const secret = newClientSecret();
    const client = await registrationOf(id, wish, secret);
    const fault = faultOf(client);
    if (fault) throw new Misuse(fault);
    await this.operator.change(wish, async (server) => {
      refuseUnknown(client, server.get<AuthConfig>(AUTH_CONFIG));
      const isNew = await server.get(ClientOperations).create(client, 'operator');
      if (!isNew) throw new Refusal(`there is a client ${id} already`);
      const { secretHashes, ...value } = client;
      return {
        value,
        text: `The client ${id} may ask for tokens: ${client.authMethod}, ${client.grantTypes.join(' ')}.`,
        ...(secretHashes.length > 0 && { secret: { name: 'clientSecret', value: secret } }),
      };
    });
  }
}

async function registrationOf(
  id: string,
  wish: ClientWish,
  secret: string,
): Promise<ClientRegistration> {
  const { json, dryRun, jwks, authMethod = 'client_secret_basic', ...more } = wish;
  const { grant = ['client_credentials'], pkce = true, ...known } = more;
  const { redirectUri = [], postLogoutRedirectUri = [], exchangeTarget = [], ...rest } = known;
  return {
    ...rest,
    id,
    authMethod,
    secretHashes: authMethod.startsWith('client_secret_') ? [hashOfSecret(secret)] : [],
    grantTypes: grant,
    requirePkce: pkce,
    redirectUris: redirectUri,
    postLogoutRedirectUris: postLogoutRedirectUri,
    exchangeTargets: exchangeTarget,
    jwks: await keysFrom(jwks),
  };
}

const keysFrom = async (file: string | undefined): Promise<string | null> =>
  file === undefined ? null : JSON.stringify(await fromJsonFile(file, clientKeys));

function refuseUnknown(client: ClientRegistration, { RESOURCE_SERVERS }: AuthConfig): void {
  const known = new Set([
    ...RESOURCE_SERVERS.flatMap(({ scopes }) => scopes),
    ...Object.keys(OPENID_SCOPES),
    ...Object.keys(ACCOUNT_SCOPES),
  ]);
  const unknown = client.scope.find((word) => !known.has(word));
  if (unknown !== undefined) {
    throw new Refusal(`no resource server has the scope ${unknown}: see RESOURCE_SERVERS`);
  }
  const servers = [client.resourceServer ?? [], client.exchangeTargets ?? []].flat();
  const identifiers = RESOURCE_SERVERS.map(({ identifier }) => identifier);
  const stranger = servers.find((identifier) => !identifiers.includes(identifier));
  if (stranger !== undefined) {
    throw new Refusal(`there is no resource server ${stranger}: see RESOURCE_SERVERS`);
  }
}
