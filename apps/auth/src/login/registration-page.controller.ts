import { Body, Controller, Get, Post } from '@nestjs/common';
import { Credentials } from '../accounts/credentials.js';
import { registration } from '../accounts/registration.js';
import { Requesters } from '../interactions/requesters.js';
import { addressOf, seeOther } from '../pages/page.js';
import { CurrentVisitor, Pages } from '../pages/pages.guard.js';
import type { Visitor } from '../pages/visitor.js';
import { RateLimited } from '../rate-limits/rate-limit.guard.js';
import { type LoginForm, loginForm } from './login-form.js';
import { registrationPage } from './registration-page.js';

@Controller('register')
@Pages()
export class RegistrationPageController {
  constructor(
    private readonly credentials: Credentials,
    private readonly requesters: Requesters,
  ) {}

  @Get()
  async show(@CurrentVisitor() visitor: Visitor): Promise<Response> {
    return registrationPage(visitor, { requester: await this.requesters.of(visitor.interaction) });
  }

  /** The answer is the same where the e-mail has an account (docs/decisions/0006). */
  @Post()
  @RateLimited('registration')
  async register(
    @CurrentVisitor() visitor: Visitor,
    @Body({ schema: loginForm }) { login: email, password }: LoginForm,
  ): Promise<Response> {
    const { data, error } = registration.safeParse({ email, password });
    if (error) {
      const isAbout = (name: string) => error.issues.some(({ path }) => path[0] === name);
      const wrong = { email: isAbout('email'), password: isAbout('password') };
      const requester = await this.requesters.of(visitor.interaction);
      return registrationPage(visitor, { requester, email, wrong });
    }
    await this.credentials.register(data);
    return seeOther(addressOf('/login', visitor, { registered: '1' }));
  }
}
