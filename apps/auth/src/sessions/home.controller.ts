import { Controller, Get } from '@nestjs/common';
import { addressOf, seeOther } from '../pages/page.js';
import { CurrentVisitor, Pages } from '../pages/pages.guard.js';
import type { Visitor } from '../pages/visitor.js';

/** Whoever types the name of this server is a person, and finds their account, or the login page. */
@Controller()
@Pages()
export class HomeController {
  @Get()
  home(@CurrentVisitor() visitor: Visitor): Response {
    return seeOther(addressOf('/account', visitor));
  }
}
