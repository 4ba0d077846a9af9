import { SubCommand } from 'nest-commander';
import { AccountRoleRepository } from '../accounts/account-role.repository.js';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { listPrivilegedScopes, listRoles } from '../platform/resource-servers.js';
import { RoleOperationsService } from '../sessions/account-operations.service.js';
import { OperationRefused } from './errors.js';
import { requireAccount } from './lookups.js';
import { type ChangeOptions, ChangingCommand, OperationRunner } from './operation-runner.js';
import { formatCount } from './table.js';

/** @throws {OperationRefused} when no scope of RESOURCE_SERVERS names the role */
function requireRole(role: string, { RESOURCE_SERVERS }: AuthConfig): void {
  const roles = listRoles(RESOURCE_SERVERS);
  if (roles.includes(role)) return;
  const known = roles.length > 0 ? `the roles are ${roles.join(', ')}` : 'there are none';
  throw new OperationRefused(`no scope of RESOURCE_SERVERS names the role ${role}: ${known}`);
}

/** The scopes that the role allows. */
const listScopesOf = (role: string, { RESOURCE_SERVERS }: AuthConfig): readonly string[] =>
  [...listPrivilegedScopes(RESOURCE_SERVERS)]
    .filter(([, roles]) => roles.includes(role))
    .map(([scope]) => scope);

@SubCommand({
  name: 'grant-role',
  arguments: '<email-or-id> <role>',
  description: 'allow the scopes of a role to an account, from its next login on',
})
export class GrantRoleCommand extends ChangingCommand {
  constructor(private readonly runner: OperationRunner) {
    super();
  }

  run([name = '', role = '']: string[], options: ChangeOptions): Promise<void> {
    return this.runner.change(options, async (server) => {
      const config = server.get<AuthConfig>(AUTH_CONFIG);
      requireRole(role, config);
      const { id, email } = await requireAccount(server, name);
      if (!(await server.get(RoleOperationsService).grant(id, role, 'operator'))) {
        throw new OperationRefused(`the account ${email} has the role ${role} already`);
      }
      const scopes = listScopesOf(role, config);
      const roles = await server.get(AccountRoleRepository).findRoles(id);
      return {
        value: { accountId: id, email, role, roles, scopes },
        text: `The account ${email} has the role ${role}. From its next login on, clients may get for it: ${scopes.join(' ')}.`,
      };
    });
  }
}

@SubCommand({
  name: 'revoke-role',
  arguments: '<email-or-id> <role>',
  description: 'take a role from an account, and end its sessions that need the role',
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

export const ACCOUNT_ROLE_COMMANDS = [GrantRoleCommand, RevokeRoleCommand];
