import { Body, Controller, Get, Post } from '@nestjs/common';
import { z } from 'zod';
import { Accounts } from '../accounts/accounts.js';
import { addressOf, seeOther } from '../pages/page.js';
import { CurrentVisitor, Pages } from '../pages/pages.guard.js';
import type { Visitor } from '../pages/visitor.js';
import { accountPage } from './account-page.js';
import { Devices } from './devices.js';

const ending = z.object({ session: z.string().max(22).catch('') });
type Ending = z.infer<typeof ending>;

/** A person's own sessions, as a page. */
@Controller('account')
@Pages()
export class AccountPageController {
  constructor(
    private readonly accounts: Accounts,
    private readonly devices: Devices,
  ) {}

  @Get()
  async show(@CurrentVisitor() visitor: Visitor): Promise<Response> {
    const { session } = visitor;
    const account = session && (await this.accounts.find(session.accountId));
    if (!account) return seeOther(addressOf('/login', visitor));
    const devices = await this.devices.of(session);
    return accountPage(visitor, { email: account.email, devices, now: this.devices.now() });
  }

  @Post('end')
  async end(
    @CurrentVisitor() visitor: Visitor,
    @Body({ schema: ending }) { session: id }: Ending,
  ): Promise<Response> {
    if (visitor.session) await this.devices.end(visitor.session, id);
    return seeOther(addressOf('/account', visitor));
  }

  @Post('end-others')
  async endOthers(@CurrentVisitor() visitor: Visitor): Promise<Response> {
    if (visitor.session) await this.devices.endOthers(visitor.session);
    return seeOther(addressOf('/account', visitor));
  }
}
