import { Body, Controller, Get, Post } from '@nestjs/common';
import { z } from 'zod';
import { Accounts } from '../accounts/accounts.js';
import { Applications } from '../consents/applications.js';
import { addressOf, seeOther } from '../pages/page.js';
import { CurrentVisitor, Pages } from '../pages/pages.guard.js';
import type { Visitor } from '../pages/visitor.js';
import { accountPage } from './account-page.js';
import { Devices } from './devices.js';

const ending = z.object({ session: z.string().max(22).catch('') });
type Ending = z.infer<typeof ending>;

const removal = z.object({
  client: z
    .string()
    .regex(/^[a-z\d-]{1,64}$/)
    .catch(''),
});
type Removal = z.infer<typeof removal>;

/** A person's own sessions, and the applications with access, as a page. */
@Controller('account')
@Pages()
export class AccountPageController {
  constructor(
    private readonly accounts: Accounts,
    private readonly devices: Devices,
    private readonly applications: Applications,
  ) {}

  @Get()
  async show(@CurrentVisitor() visitor: Visitor): Promise<Response> {
    const { session } = visitor;
    const account = session && (await this.accounts.find(session.accountId));
    if (!account) return seeOther(addressOf('/login', visitor));
    const devices = await this.devices.of(session);
    const applications = await this.applications.of(account.id);
    const now = this.devices.now();
    return accountPage(visitor, { email: account.email, devices, applications, now });
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

  @Post('remove-access')
  async removeAccess(
    @CurrentVisitor() visitor: Visitor,
    @Body({ schema: removal }) { client }: Removal,
  ): Promise<Response> {
    if (visitor.session) await this.applications.removeAccess(visitor.session.accountId, client);
    return seeOther(addressOf('/account', visitor));
  }
}
