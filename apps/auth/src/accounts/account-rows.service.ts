import { Injectable } from '@nestjs/common';
import type { Account } from './account.entity.js';
import { AccountRoleRepository } from './account-role.repository.js';
import { EmailActionRepository } from './email-action.repository.js';
import { InvitationRepository } from './invitation.service.js';

/** The rows of this folder that belong to one account. */
@Injectable()
export class AccountRowsService {
  constructor(
    private readonly roles: AccountRoleRepository,
    private readonly invitations: InvitationRepository,
    private readonly emailActions: EmailActionRepository,
  ) {}

  /** Joins the transaction of the caller. */
  async erase({ id, email }: Pick<Account, 'id' | 'email'>): Promise<void> {
    await this.roles.deleteOfAccount(id);
    await this.invitations.deleteOfAddress(email);
    await this.emailActions.deleteOfAccount(id, email);
  }
}
