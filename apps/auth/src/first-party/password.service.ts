import type { AccessToken } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { CredentialsService } from '../accounts/credentials.service.js';
import { findPasswordFault } from '../accounts/password-policy.js';
import { newPassword } from '../accounts/registration.schema.js';
import {
  AccountOperationsService,
  PasswordChangeConflict,
} from '../sessions/account-operations.service.js';

/** The rules for the new one are those of registration; the current one is whatever was taken then. */
export const passwordChangeParameters = z.object({
  current_password: z.string().max(512),
  new_password: newPassword,
});
export type PasswordChangeParameters = z.infer<typeof passwordChangeParameters>;

/** A person changes the password. Whoever has but a token of theirs cannot: the current one is asked for (OWASP ASVS 6.2.3). */
@Injectable()
export class PasswordService {
  constructor(
    private readonly credentials: CredentialsService,
    private readonly accountOperations: AccountOperationsService,
  ) {}

  /**
   * @returns how many other sessions ended
   * @throws {Problem} 400
   * @throws {TooBusy}
   */
  async change(token: AccessToken, words: PasswordChangeParameters): Promise<number> {
    const { subject: accountId, sessionId = accountId } = token;
    const account = await this.credentials.confirmPassword(
      { accountId, sessionId },
      words.current_password,
    );
    if (!account) throw wrongPasswordProblem();
    const fault = findPasswordFault(words.new_password, account.email);
    if (fault !== undefined) throw rejectedPasswordProblem(fault);
    try {
      return await this.accountOperations.changePassword(account.id, words.new_password, {
        by: 'owner',
        replaces: account.passwordHash,
        ...(token.sessionId !== undefined && { keepSession: token.sessionId }),
      });
    } catch (error) {
      // Of two changes at once, the second finds that its current password is not the current one any more.
      throw error instanceof PasswordChangeConflict ? wrongPasswordProblem() : error;
    }
  }
}

/** The word of RFC 6749 §5.2, beside those of RFC 9457. */
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
