import { type CanActivate, type ExecutionContext, Injectable, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { networkOf } from '../networks/network.js';
import { rateLimitFields } from './rate-limit-fields.js';
import type { LimitName } from './rate-limit-settings.js';
import { RateLimits, refuseOver } from './rate-limits.js';

const LIMIT = 'gatehouse:rate-limit';

/** Each request to the handler counts for the network that it comes from. */
export const RateLimited = (name: LimitName) => SetMetadata(LIMIT, name);

/** Asked before everything else, so that a request beyond the quota costs nothing. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly limits: RateLimits,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const name = this.reflector.getAllAndOverride<LimitName | undefined>(LIMIT, targets);
    if (name === undefined) return true;
    const http = context.switchToHttp();
    const { ip } = http.getRequest<FastifyRequest>();
    const standing = await this.limits.spend(name, { stranger: networkOf(ip) ?? 'elsewhere' });
    if (standing) http.getResponse<FastifyReply>().headers(rateLimitFields(standing));
    refuseOver(standing);
    return true;
  }
}
