import { Public } from '@gatehouse/guards';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { AUTH_CONFIG, type AuthConfig } from '../auth.config.js';
import { findBasePath } from './page-context.js';
import { LOGO, seeOther } from './page.js';

/** Addresses that browsers and password managers open by themselves. */
@Controller()
@Public()
@ApiExcludeController()
export class BrowserFilesController {
  constructor(@Inject(AUTH_CONFIG) private readonly config: AuthConfig) {}

  /** A Well-Known URL for Changing Passwords §3. */
  @Get('.well-known/change-password')
  changePassword(): Response {
    return seeOther(`${findBasePath(this.config)}/account/password`);
  }

  @Get('favicon.ico')
  @Header('content-type', 'image/svg+xml')
  @Header('cache-control', 'public, max-age=86400')
  icon(): string {
    return ICON;
  }
}

/** Without a page there is no stylesheet, so the icon names its colour. */
const ICON = LOGO.toString()
  .replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"')
  .replaceAll('currentColor', '#0d5c63');
