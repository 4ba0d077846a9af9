import type { AccessToken } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { CredentialsService, newPassword } from '../accounts/credentials.service.js';
import { findPasswordFault } from '../accounts/password-policy.js';
import {
  AccountOperationsService,
  PasswordChangeConflict,
} from '../sessions/account-operations.service.js';

/** The new password must follow the rules of registration. The current one may be older than these rules. */
export const passwordChangeParameters = z.object({
  current_password: z.string().max(512),
  new_password: newPassword,
});
export type PasswordChangeParameters = z.infer<typeof passwordChangeParameters>;

/** Changes the password of a user. The current password is required, so that a stolen token is not enough (OWASP ASVS 6.2.3). */
@Injectable()
export class PasswordService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly accountOperations: AccountOperationsService,
  ) {}

  /**
   * @returns the number of other sessions that were revoked
   * @throws {Problem} 400 if the current password is wrong or the new one breaks a rule
   * @throws {PasswordHashQueueFull}
   */
  async change(token: AccessToken, parameters: PasswordChangeParameters): Promise<number> {
    const { subject: accountId, sessionId = accountId } = token;
    const account = await this.credentials.confirmPassword(
      { accountId, sessionId },
      parameters.current_password,
    );
    if (!account) throw wrongPasswordProblem();
    const fault = findPasswordFault(parameters.new_password, account.email);
    if (fault !== undefined) throw rejectedPasswordProblem(fault);
    try {
      return await this.accountOperations.changePassword(account.id, parameters.new_password, {
        by: 'owner',
        replaces: account.passwordHash,
        ...(token.sessionId !== undefined && { keepSession: token.sessionId }),
      });
    } catch (error) {
      // Of two simultaneous changes, the second one fails because the first one replaced the current password.
      throw error instanceof PasswordChangeConflict ? wrongPasswordProblem() : error;
    }
  }
}

/** Problem details (RFC 9457) with the error code of RFC 6749 §5.2 as an extension. */
const wrongPasswordProblem = () =>
  new Problem(400, {
    detail: 'The current password is wrong.',
    extensions: { error: 'invalid_grant' },
  });

const rejectedPasswordProblem = (fault: string) =>
  new Problem(400, {
    detail: `The new password ${fault}.`,
    extensions: { errors: [{ pointer: '#/new_password', detail: fault }] },
  });
