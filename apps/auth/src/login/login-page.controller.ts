import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { Requesters } from '../interactions/requesters.js';
import { addressOf, seeOther } from '../pages/page.js';
import { CurrentVisitor, Pages } from '../pages/pages.guard.js';
import type { Visitor } from '../pages/visitor.js';
import { RateLimited } from '../rate-limits/rate-limit.guard.js';
import { type LoginForm, loginForm } from './login-form.js';
import { loginPage } from './login-page.js';
import { PageLogins } from './page-logins.js';

@Controller('login')
@Pages()
export class LoginPageController {
  constructor(
    private readonly logins: PageLogins,
    private readonly requesters: Requesters,
  ) {}

  @Get()
  async show(
    @CurrentVisitor() visitor: Visitor,
    @Query('registered') registered?: unknown,
  ): Promise<Response> {
    if (visitor.session && !visitor.interaction) return seeOther(addressOf('/account', visitor));
    const requester = await this.requesters.of(visitor.interaction);
    return loginPage(visitor, { requester, hasRegistered: registered !== undefined });
  }

  @Post()
  @RateLimited('login')
  async login(
    @CurrentVisitor() visitor: Visitor,
    @Body({ schema: loginForm }) { login: email, password }: LoginForm,
  ): Promise<Response> {
    const entry = await this.logins.enter(visitor, { email, password });
    if (entry) return seeOther(entry.location, entry.cookies);
    const requester = await this.requesters.of(visitor.interaction);
    return loginPage(visitor, { requester, email, hasFailed: true });
  }
}
