import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { enforceQuota } from '../platform/rate-limit.service.js';
import { normalizeEmail } from './email-address.js';
import { KnownDeviceCookie } from './known-device-cookie.js';
import { LoginThrottleService } from './login-throttle.service.js';

/** Counts a login before the password is compared. */
@Injectable()
export class LoginQuotaGuard implements CanActivate {
  constructor(
    private readonly throttle: LoginThrottleService,
    private readonly devices: KnownDeviceCookie,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const { ip, headers, body } = http.getRequest<FastifyRequest>();
    const origin = this.devices.readOrigin({ ip, cookie: headers.cookie });
    const state = await this.throttle.countLogin(readEmail(body), origin);
    enforceQuota(http.getResponse<FastifyReply>(), state);
    return true;
  }
}

/**
 * @param body of the login page or of the API, not validated
 * @returns undefined also for a body with the fields of both, because only the handler knows which one it uses
 */
function readEmail(body: unknown): string | undefined {
  const { login, email } = loginFields.safeParse(body).data ?? {};
  const [text, other] = login === undefined ? [email, login] : [login, email];
  return text === undefined || other !== undefined ? undefined : normalizeEmail(text);
}

/** The pipe checks the type first, because zod compares the `length` of objects as well. */
const login = z.string().pipe(z.string().max(254)).optional();
const loginFields = z.object({ login, email: login });
