import { text } from 'node:stream/consumers';
import { Inject } from '@nestjs/common';
import { Option, SubCommand } from 'nest-commander';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import {
  type CompleteRegistration,
  findRegistrationFaults,
  REGISTRATION_DEFAULTS,
  type RegistrationChange,
} from '../clients/client-registration.js';
import {
  type ClientUpdate,
  ClientOperationsService,
} from '../sessions/client-operations.service.js';
import {
  type ClientRegistrationOptions,
  followAuthMethod,
  readRegistrationOptions,
} from './client-options.js';
import { ClientRegistrationCommand } from './client-registration.command.js';
import { listFaults, parseClientDocuments, parseKeySet } from './client-document.js';
import { describeClientSecret, findUnknownNames } from './create-client.command.js';
import { findNotices, findPkceNotices } from '../clients/client-notices.js';
import { OperationRefused, UsageError } from './errors.js';
import {
  type ChangeOptions,
  ChangingCommand,
  formatSecret,
  type OperationResult,
  OperationRunner,
  TERMINAL,
  type Terminal,
  requireClient,
} from './operation-runner.js';
import { parseChoice, parseWords, readFileText } from './option-parsers.js';
import { toPrintable } from './table.js';

/** The options that `--clear` resets, and their properties. */
const CLEARABLE = {
  name: 'name',
  'redirect-uri': 'redirectUris',
  'post-logout-redirect-uri': 'postLogoutRedirectUris',
  'backchannel-logout-uri': 'backchannelLogoutUri',
  'allowed-origin': 'allowedOrigins',
  'id-token-algorithm': 'idTokenAlgorithm',
  jwks: 'jwks',
  'resource-server': 'resourceServer',
  'exchange-target': 'exchangeTargets',
  'access-token-ttl': 'accessTokenTtl',
  'refresh-idle-ttl': 'refreshIdleTtl',
  'refresh-absolute-ttl': 'refreshAbsoluteTtl',
} as const;
type Clearable = keyof typeof CLEARABLE;

interface UpdateOptions extends ClientRegistrationOptions {
  readonly clear?: readonly Clearable[];
}

@SubCommand({
  name: 'update',
  arguments: '<id>',
  description: 'change what the options name; a list replaces the whole list',
})
export class UpdateClientCommand extends ClientRegistrationCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  async run([id = '']: string[], options: UpdateOptions): Promise<void> {
    const { clear = [] } = options;
    const given = await readRegistrationOptions(options);
    if (Object.keys(given).length + clear.length === 0) {
      throw new UsageError('give at least one option: see clients update --help');
    }
    const cleared = Object.fromEntries(
      clear.map((option) => [CLEARABLE[option], REGISTRATION_DEFAULTS[CLEARABLE[option]]]),
    );
    let notices: readonly string[] = [];
    await this.runner.change(options, async (server) => {
      await requireClient(server, id);
      const config = server.get<AuthConfig>(AUTH_CONFIG);
      const revise = (current: CompleteRegistration) => {
        const next = { ...current, ...followAuthMethod(given), ...cleared, ...given };
        checkRevision(next, current, config);
        const before = findNotices(current, config);
        notices = findNotices(next, config)
          .filter((notice) => !before.includes(notice))
          .concat(findPkceNotices(given.pkce, next));
        return next;
      };
      const update = await server.get(ClientOperationsService).update(id, revise, 'operator');
      if (!update) throw new OperationRefused(`there is no client ${id}`);
      const { secret, ...value } = toValue(update);
      return {
        value,
        text: describeUpdate(update),
        ...(secret !== undefined && { secret: describeClientSecret(id, secret) }),
      };
    });
    this.runner.printNotices(notices);
  }

  @Option({ flags: '--scope <scopes>', description: 'scopes that the client may request' })
  scope(words: string): readonly string[] {
    return parseWords(words);
  }

  @Option({
    flags: '--clear <option>',
    description: `set an option back to its default: ${Object.keys(CLEARABLE).join(', ')}; may be given several times`,
  })
  clear(word: string, others: readonly Clearable[] = []): readonly Clearable[] {
    return [...others, parseChoice(Object.keys(CLEARABLE) as Clearable[], word)];
  }
}

/** @throws {UsageError | OperationRefused} when the server would reject the registration */
function checkRevision(
  next: CompleteRegistration,
  current: CompleteRegistration,
  config: AuthConfig,
): void {
  const [fault] = findRegistrationFaults(next);
  if (fault !== undefined) throw new UsageError(fault);
  // A name that the client has already may have left the configuration.
  const before = findUnknownNames(current, config);
  const unknown = findUnknownNames(next, config).find((sentence) => !before.includes(sentence));
  if (unknown !== undefined) throw new OperationRefused(unknown);
}

/** The result of an update for programs. */
export function toValue({ changes, ...update }: ClientUpdate) {
  const changed = changes.map(({ property, before, after }) => [
    property,
    { before: toShown(property, before), after: toShown(property, after) },
  ]);
  return { ...update, changed: Object.fromEntries(changed) };
}

/** Hashes of secrets are counted, and keys are named. */
function toShown(
  property: string,
  value: RegistrationChange['before'],
): RegistrationChange['before'] {
  if (property === 'secretHashes') return Array.isArray(value) ? value.length : 0;
  if (property === 'jwks' && typeof value === 'string') {
    return parseKeySet(value)?.keys.map(({ kid }) => kid) ?? null;
  }
  return value;
}

/** The result of an update for an operator. */
export function describeUpdate({ clientId, isNew, isDisabled, changes }: ClientUpdate): string {
  if (isNew) return `The client ${clientId} is registered.`;
  const hint = isDisabled ? ` It is disabled: clients enable ${clientId}` : '';
  if (changes.length === 0) return `The client ${clientId} has these values already.${hint}`;
  const lines = changes.map(
    ({ property, before, after }) =>
      `  ${property === 'secretHashes' ? 'secrets' : property}: ${format(property, before)} -> ${format(property, after)}`,
  );
  return [`The client ${clientId} is updated.${hint}`, ...lines].join('\n');
}

function format(property: string, value: RegistrationChange['before']): string {
  const shown = toShown(property, value);
  if (typeof shown === 'object' && shown !== null) return toPrintable(shown.join(' '));
  return toPrintable(shown === null ? '' : `${shown}`);
}

@SubCommand({
  name: 'apply',
  arguments: '<file>',
  description: 'create or replace all clients of a JSON file; - reads standard input',
})
export class ApplyClientsCommand extends ChangingCommand {
  constructor(
    private readonly runner: OperationRunner,
    @Inject(TERMINAL) private readonly terminal: Terminal,
  ) {
    super();
  }

  async run([file = '']: string[], options: ChangeOptions): Promise<void> {
    const isInput = file === '-';
    const name = isInput ? 'standard input' : file;
    const content = isInput ? await text(this.terminal.input) : await readFileText(file);
    const clients = parseClientDocuments(content, name);
    await this.runner.change(options, async (server) => {
      const config = server.get<AuthConfig>(AUTH_CONFIG);
      const unknown = clients.flatMap((client) =>
        findUnknownNames(client, config).map((sentence) => `${client.id}: ${sentence}`),
      );
      if (unknown.length > 0) throw new OperationRefused(listFaults(`${name} is refused`, unknown));
      const updates = await server.get(ClientOperationsService).apply(clients, 'operator');
      this.runner.printNotices(
        clients.flatMap((client) =>
          findNotices(client, config).map((notice) => `${client.id}: ${notice}`),
        ),
      );
      return describeUpdates(updates, options);
    });
  }
}

/** A dry run discards its secrets. */
function describeUpdates(
  updates: readonly ClientUpdate[],
  { dryRun = false }: ChangeOptions,
): OperationResult {
  const value = updates.map((update) => {
    const { secret, ...rest } = toValue(update);
    return secret === undefined || dryRun ? rest : { ...rest, clientSecret: secret };
  });
  const texts = updates.map((update) => {
    const { clientId, secret } = update;
    if (secret === undefined || dryRun) return describeUpdate(update);
    return `${describeUpdate(update)}\n${formatSecret(describeClientSecret(clientId, secret))}`;
  });
  return { value: { clients: value }, text: texts.join('\n') };
}
