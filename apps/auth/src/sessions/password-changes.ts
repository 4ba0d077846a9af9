import type { AccessToken } from '@gatehouse/guards';
import { Problem } from '@gatehouse/service-kit';
import { Injectable } from '@nestjs/common';
import { AccountOperations, PasswordNotChanged } from '../accounts/account-operations.js';
import { Credentials } from '../accounts/credentials.js';
import { passwordFault } from '../accounts/password-policy.js';
import type { NewPassword } from './new-password.js';

/** A person changes the password. Whoever has but a token of theirs cannot: the current one is asked for (OWASP ASVS 6.2.3). */
@Injectable()
export class PasswordChanges {
  constructor(
    private readonly credentials: Credentials,
    private readonly accounts: AccountOperations,
  ) {}

  /**
   * @returns how many other sessions ended
   * @throws {Problem} 400
   * @throws {TooBusy}
   */
  async change(token: AccessToken, words: NewPassword): Promise<number> {
    const { subject: accountId, sessionId = accountId } = token;
    const account = await this.credentials.confirm(
      { accountId, sessionId },
      words.current_password,
    );
    if (!account) throw wrongPassword();
    const fault = passwordFault(words.new_password, account.email);
    if (fault !== undefined) throw unfit(fault);
    try {
      return await this.accounts.changePassword(account.id, words.new_password, {
        by: 'owner',
        replaces: account.passwordHash,
        ...(token.sessionId !== undefined && { keepSession: token.sessionId }),
      });
    } catch (error) {
      // Of two changes at once, the second finds that its current password is not the current one any more.
      throw error instanceof PasswordNotChanged ? wrongPassword() : error;
    }
  }
}

/** The word of RFC 6749 §5.2, beside those of RFC 9457. */
const wrongPassword = () =>
  new Problem(400, {
    detail: 'The current password is wrong.',
    extensions: { error: 'invalid_grant' },
  });

const unfit = (fault: string) =>
  new Problem(400, {
    detail: `The new password ${fault}.`,
    extensions: { errors: [{ pointer: '#/new_password', detail: fault }] },
  });
