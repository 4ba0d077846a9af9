import { Public } from '@gatehouse/guards';
import { Body, Controller, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { CredentialsService } from '../accounts/credentials.service.js';
import { type Registration, registration } from '../accounts/registration.schema.js';
import { RateLimited } from '../platform/rate-limit.service.js';
import { JsonOnlyGuard } from './json-only.guard.js';

@ApiTags('first-party login')
@Controller('auth')
@UseGuards(JsonOnlyGuard)
@Public()
export class RegistrationController {
  constructor(private readonly credentials: CredentialsService) {}

  @Post('register')
  @HttpCode(201)
  @RateLimited('registration')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Makes an account; the answer is the same where the e-mail has one' })
  async register(@Body({ schema: registration }) body: Registration): Promise<{ email: string }> {
    await this.credentials.register(body);
    return { email: body.email };
  }
}
