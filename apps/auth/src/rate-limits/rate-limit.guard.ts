import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { networkOf } from '../networks/network.js';
import { tellStanding } from './rate-limit-fields.js';
import type { LimitName } from './rate-limit-settings.js';
import { RateLimits } from './rate-limits.js';

/** Each request to the handler counts for the network that it comes from. */
export const RateLimited = Reflector.createDecorator<LimitName>();

/** Asked before everything else, so that a request beyond the quota costs nothing. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly limits: RateLimits,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const name: LimitName | undefined = this.reflector.getAllAndOverride(RateLimited, targets);
    if (name === undefined) return true;
    const http = context.switchToHttp();
    const { ip } = http.getRequest<FastifyRequest>();
    const standing = await this.limits.spend(name, { stranger: networkOf(ip) ?? 'elsewhere' });
    tellStanding(http.getResponse<FastifyReply>(), standing);
    return true;
  }
}
