import { Option, SubCommand } from 'nest-commander';
import { ACCOUNT_SCOPES, OPENID_SCOPES } from '../clients/auth.scopes.js';
import type { AuthMethod } from '../clients/client.entity.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { generateClientSecret, hashClientSecret } from '../clients/registered-credentials.js';
import { ClientOperationsService } from '../sessions/client-operations.service.js';
import {
  completeRegistration,
  type CompleteRegistration,
  defaultGrantTypes,
  findRegistrationFaults,
} from '../clients/client-registration.js';
import { findNotices, findPkceNotices } from '../clients/client-notices.js';
import {
  type ClientRegistrationOptions,
  readPkceRule,
  readRegistrationOptions,
} from './client-options.js';
import { ClientRegistrationCommand } from './client-registration.command.js';
import { parseWords } from './option-parsers.js';
import { OperationRunner } from './operation-runner.js';
import { OperationRefused, UsageError } from './errors.js';
import { formatFields } from './table.js';

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
      this.runner.printNotices(findPkceNotices(readPkceRule(options), client));
      const { secretHashes, ...value } = client;
      return {
        value,
        text: `${describeRegistration(client)}\n\n${describeForLibrary(client, config)}`,
        ...(secretHashes.length > 0 && { secret: describeClientSecret(id, secret) }),
      };
    });
  }

  @Option({
    flags: '--scope <scopes>',
    description:
      'scopes that the client may request; a resource server that introspects needs none',
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

const describeRegistration = ({ id, authMethod, grantTypes }: CompleteRegistration): string =>
  `The client ${id} is registered: ${authMethod}, ${grantTypes.join(' ') || 'introspection only'}.`;

/** What the operator configures in the client library. */
function describeForLibrary(client: CompleteRegistration, { ISSUER }: AuthConfig): string {
  const { authMethod, scope, redirectUris } = client;
  const fields = formatFields({
    '  issuer': ISSUER,
    '  authentication': AUTHENTICATION_TEXTS[authMethod],
    ...(scope.length > 0 && { '  scope': scope.join(' ') }),
    ...(redirectUris.length > 0 && {
      '  redirect URI': redirectUris.join(' '),
      '  PKCE': describePkceRule(client),
    }),
  });
  return `Tell the library:\n${fields}\nThe lines for common libraries: docs/clients.md#your-client`;
}

const AUTHENTICATION_TEXTS: Readonly<Record<AuthMethod, string>> = {
  none: 'none: a public client has no secret',
  client_secret_basic: 'client_secret_basic: the secret in the header Authorization',
  client_secret_post: 'client_secret_post: the secret in the body',
  private_key_jwt: 'private_key_jwt: an assertion with a key of --jwks',
};

function describePkceRule({ pkce, scope }: CompleteRegistration): string {
  if (pkce === 'never-required') return 'S256 if the library can';
  return pkce === 'or-nonce' && scope.includes('openid')
    ? 'S256; a library that cannot must send openid and a nonce'
    : 'S256, in each authorization request';
}

const describeExisting = (client: { disabledAt: Date | null } | undefined, id: string): string =>
  client?.disabledAt
    ? `the client ${id} exists already and is disabled: use clients enable ${id}, and clients update ${id} to change it`
    : `the client ${id} exists already: use clients update ${id} to change it`;

async function toRegistration(
  id: string,
  options: ClientRegistrationOptions,
  secret: string,
): Promise<CompleteRegistration> {
  const given = await readRegistrationOptions(options);
  const { authMethod = 'client_secret_basic' } = given;
  return completeRegistration({
    grantTypes: defaultGrantTypes(given),
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
