import { Option, SubCommand } from 'nest-commander';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { AUTH_METHODS, type AuthMethod, GRANT_TYPES } from '../clients/client.entity.js';
import { ClientOperations } from '../clients/client-operations.js';
import { hashOfSecret, newClientSecret } from '../clients/client-secret.js';
import type { ClientRegistration } from '../clients/clients.js';
import { type ChangeOptions, Operator } from './operator.js';
import { ChangingCommand } from './ops-command.js';
import { oneOf, seconds, words } from './option-values.js';
import { Misuse, Refusal } from './refusal.js';

const ACCESS = { min: 1, max: 3600 };
const REFRESH = { min: 60, max: 31_536_000 };
/** What {@link ClientRegistration} calls `client_id`: an account's id cannot look like it (RFC 9068 §5). */
const ID = /^[a-z\d]+(-[a-z\d]+)*$/;

interface Wish extends ChangeOptions {
  readonly scope: readonly string[];
  readonly grant?: readonly string[];
  readonly authMethod?: AuthMethod;
  readonly accessTokenTtl?: number;
  readonly refreshIdleTtl?: number;
  readonly refreshAbsoluteTtl?: number;
}

@SubCommand({
  name: 'create',
  arguments: '<id>',
  description: 'register an application; its secret is made here and printed once',
})
export class CreateClient extends ChangingCommand {
  constructor(private readonly operator: Operator) {
    super();
  }

  async run([id = '']: string[], wish: Wish): Promise<void> {
    const secret = newClientSecret();
    const client = registrationOf(id, wish, secret);
    await this.operator.change(wish, async (server) => {
      refuseUnknownScope(client.scope, server.get<AuthConfig>(AUTH_CONFIG));
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

  @Option({
    flags: '--scope <scopes>',
    description: 'the most that it may ask for',
    required: true,
  })
  scope(text: string): readonly string[] {
    return words(text);
  }

  @Option({
    flags: '--grant <grants>',
    description: `default client_credentials; or ${GRANT_TYPES.join(', ')}`,
  })
  grant(text: string): readonly string[] {
    return words(text).map((grant) => oneOf(GRANT_TYPES, grant));
  }

  @Option({
    flags: '--auth-method <method>',
    description: 'default client_secret_basic; none makes a public client',
    choices: [...AUTH_METHODS],
  })
  authMethod(text: string): AuthMethod {
    return oneOf(AUTH_METHODS, text);
  }

  @Option({ flags: '--access-token-ttl <seconds>', description: 'default ACCESS_TOKEN_TTL' })
  accessTokenTtl(text: string): number {
    return seconds(text, ACCESS);
  }

  @Option({ flags: '--refresh-idle-ttl <seconds>', description: 'default REFRESH_IDLE_TTL' })
  refreshIdleTtl(text: string): number {
    return seconds(text, REFRESH);
  }

  @Option({
    flags: '--refresh-absolute-ttl <seconds>',
    description: 'default REFRESH_ABSOLUTE_TTL',
  })
  refreshAbsoluteTtl(text: string): number {
    return seconds(text, REFRESH);
  }
}

function registrationOf(id: string, wish: Wish, secret: string): ClientRegistration {
  const { authMethod = 'client_secret_basic', grant: grantTypes = ['client_credentials'] } = wish;
  refuseUnfit(id, authMethod, grantTypes);
  return {
    id,
    authMethod,
    secretHashes: authMethod === 'none' ? [] : [hashOfSecret(secret)],
    grantTypes,
    scope: wish.scope,
    accessTokenTtl: wish.accessTokenTtl ?? null,
    refreshIdleTtl: wish.refreshIdleTtl ?? null,
    refreshAbsoluteTtl: wish.refreshAbsoluteTtl ?? null,
  };
}

function refuseUnfit(id: string, authMethod: AuthMethod, grantTypes: readonly string[]): void {
  if (!ID.test(id) || id.length > 64) {
    throw new Misuse(
      'the id is made of lower-case words and digits, joined by hyphens, at most 64',
    );
  }
  // "The client credentials grant type MUST only be used by confidential clients" (RFC 6749 §4.4).
  if (authMethod === 'none' && grantTypes.includes('client_credentials')) {
    throw new Misuse('a public client cannot use client_credentials: choose another --grant');
  }
}

function refuseUnknownScope(scope: readonly string[], { RESOURCE_SERVERS }: AuthConfig): void {
  const known = new Set(RESOURCE_SERVERS.flatMap(({ scopes }) => [...scopes]));
  const unknown = scope.find((word) => !known.has(word));
  if (unknown === undefined) return;
  throw new Refusal(`no resource server has the scope ${unknown}: see RESOURCE_SERVERS`);
}
