import { Clock } from '@gatehouse/service-kit';
import { Option, SubCommand } from 'nest-commander';
import { AccountRoleRepository } from '../accounts/account-role.repository.js';
import { email as emailAddress } from '../accounts/email-address.js';
import { InvitationService } from '../accounts/invitation.service.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { isRoleName, listPrivilegedScopes, listRoles } from '../platform/resource-servers.js';
import { RoleOperationsService, TooManyRoles } from '../sessions/account-operations.service.js';
import { OperationRefused, UsageError } from './errors.js';
import {
  type ChangeOptions,
  ChangingCommand,
  OperationRunner,
  requireAccount,
} from './operation-runner.js';
import { parseSeconds } from './option-parsers.js';
import { formatCount, formatUtc } from './table.js';

/** @throws {OperationRefused} when no scope of RESOURCE_SERVERS names the role */
function requireRole(role: string, { RESOURCE_SERVERS }: AuthConfig): void {
  const roles = listRoles(RESOURCE_SERVERS);
  if (roles.includes(role)) return;
  const known = roles.length > 0 ? `the roles are ${roles.join(', ')}` : 'there are none';
  throw new OperationRefused(
    `no scope of RESOURCE_SERVERS names the role ${role}: ${known}. For a role that only the claims roles and groups contain: --claim-only`,
  );
}

/** @throws {UsageError} when the text is no name of a role @throws {OperationRefused} when a scope needs the role */
function requireClaimOnlyRole(role: string, config: AuthConfig): void {
  if (!isRoleName(role)) {
    throw new UsageError(
      `${role} is not a role: write at most 64 lower-case letters and digits, in words joined by hyphens; "service" is reserved`,
    );
  }
  const scopes = listScopesOf(role, config);
  if (scopes.length > 0) {
    throw new OperationRefused(
      `the role ${role} allows ${scopes.join(' ')}: leave out --claim-only`,
    );
  }
}

/** The scopes that the role allows. */
const listScopesOf = (role: string, { RESOURCE_SERVERS }: AuthConfig): readonly string[] =>
  [...listPrivilegedScopes(RESOURCE_SERVERS)]
    .filter(([, roles]) => roles.includes(role))
    .map(([scope]) => scope);

interface GrantRoleOptions extends ChangeOptions {
  readonly claimOnly?: boolean;
}

@SubCommand({
  name: 'grant-role',
  arguments: '<email-or-id> <role>',
  description: 'give a role to an account: its claims, and from its next login on its scopes',
})
export class GrantRoleCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run([name = '', role = '']: string[], options: GrantRoleOptions): Promise<void> {
    return this.runner.change(options, async (server) => {
      const config = server.get<AuthConfig>(AUTH_CONFIG);
      if (options.claimOnly) requireClaimOnlyRole(role, config);
      else requireRole(role, config);
      const { id, email } = await requireAccount(server, name);
      const isNew = await server
        .get(RoleOperationsService)
        .grant(id, role, 'operator')
        .catch((error: unknown) => {
          if (!(error instanceof TooManyRoles)) throw error;
          throw new OperationRefused(
            `the roles of the account ${email} would have ${error.message}`,
          );
        });
      if (!isNew) throw new OperationRefused(`the account ${email} has the role ${role} already`);
      const scopes = listScopesOf(role, config);
      const roles = await server.get(AccountRoleRepository).findRoles(id);
      return {
        value: { accountId: id, email, role, roles, scopes },
        text: [
          `The account ${email} has the role ${role}. The claims roles and groups contain it from the next token on.`,
          ...(scopes.length > 0
            ? [`From its next login on, clients may get for it: ${scopes.join(' ')}.`]
            : []),
        ].join('\n'),
      };
    });
  }

  @Option({
    flags: '--claim-only',
    description: 'a role that no scope of RESOURCE_SERVERS needs, for clients that read the claims',
  })
  claimOnly(): boolean {
    return true;
  }
}

@SubCommand({
  name: 'revoke-role',
  arguments: '<email-or-id> <role>',
  description: 'take a role from an account, and end its sessions that need or show its roles',
})
export class RevokeRoleCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  /** A role that the configuration does not name any more can be revoked too. */
  run([name = '', role = '']: string[], options: ChangeOptions): Promise<void> {
    return this.runner.change(options, async (server) => {
      const { id, email } = await requireAccount(server, name);
      const ended = await server.get(RoleOperationsService).revoke(id, role, 'operator');
      if (ended === undefined) {
        throw new OperationRefused(`the account ${email} does not have the role ${role}`);
      }
      const roles = await server.get(AccountRoleRepository).findRoles(id);
      return {
        value: { accountId: id, email, role, roles, ended },
        text: `The account ${email} no longer has the role ${role}, and ${formatCount(ended, 'session')} ended.`,
      };
    });
  }
}

const WEEK_SECONDS = 604_800;
const INVITATION_TTL_RANGE = { min: 60, max: 31_536_000 };

interface InviteOptions extends ChangeOptions {
  readonly ttl?: number;
}

@SubCommand({
  name: 'invite',
  arguments: '<email>',
  description: 'print a link with which the owner of the address can register once',
})
export class InviteAccountCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  async run([name]: string[], { ttl = WEEK_SECONDS, ...options }: InviteOptions): Promise<void> {
    const { success, data: email } = emailAddress.safeParse(name);
    if (!success) throw new UsageError(`${name} is not an e-mail address`);
    await this.runner.change(options, async (server) => {
      const { ISSUER, REGISTRATION } = server.get<AuthConfig>(AUTH_CONFIG);
      if (REGISTRATION !== 'invited') {
        throw new OperationRefused(
          `invitations need REGISTRATION=invited, and it is ${REGISTRATION}`,
        );
      }
      const code = await server.get(InvitationService).invite(email, ttl, 'operator');
      if (code === undefined) throw new OperationRefused(`the account ${email} exists already`);
      const expiresAt = new Date(server.get(Clock).now() + ttl * 1000);
      const link = `${ISSUER.replace(/\/$/, '')}/register?invitation=${code}`;
      return {
        value: { email, expiresAt: expiresAt.toISOString() },
        text: `With this link, ${email} can register once, until ${formatUtc(expiresAt)}. It replaces earlier links.`,
        secret: {
          ...{ name: 'link', value: link, labels: { 'e-mail': email, link } },
          purpose: 'Send it to the owner of the address.',
        },
      };
    });
  }

  @Option({
    flags: '--ttl <seconds>',
    description: 'how long the link is valid; default 604800, 7 days',
  })
  ttl(text: string): number {
    return parseSeconds(text, INVITATION_TTL_RANGE);
  }
}

/** Commands that decide who may register, and what an account may do. */
export const ACCOUNT_ACCESS_COMMANDS = [GrantRoleCommand, RevokeRoleCommand, InviteAccountCommand];
