import { Controller, Get, Post } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.js';
import { Requesters } from '../interactions/requesters.js';
import { addressOf, seeOther } from '../pages/page.js';
import { CurrentVisitor, Pages } from '../pages/pages.guard.js';
import type { Visitor } from '../pages/visitor.js';
import { PageLogins } from './page-logins.js';
import { selectAccountPage } from './select-account-page.js';

/** One browser has one session: the choice is between going on with it and another login. */
@Controller('select-account')
@Pages()
export class SelectAccountPageController {
  constructor(
    private readonly accounts: Accounts,
    private readonly logins: PageLogins,
    private readonly requesters: Requesters,
  ) {}

  @Get()
  async show(@CurrentVisitor() visitor: Visitor): Promise<Response> {
    const account = visitor.session && (await this.accounts.find(visitor.session.accountId));
    if (!account) return seeOther(addressOf('/login', visitor));
    const requester = await this.requesters.of(visitor.interaction);
    return selectAccountPage(visitor, { requester, email: account.email });
  }

  @Post()
  choose(@CurrentVisitor() visitor: Visitor): Response {
    if (!visitor.session) return seeOther(addressOf('/login', visitor));
    return seeOther(this.logins.goOn(visitor, visitor.session.accountId));
  }
}
