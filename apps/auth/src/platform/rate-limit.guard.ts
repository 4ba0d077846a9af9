import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LimitName } from '../auth.config.js';
import { networkOf } from './network.js';
import { type QuotaState, RateLimitService } from './rate-limit.service.js';
import { TooManyRequests } from './too-many-requests.js';

/** An answer in the making, whichever it will be. */
interface HeaderWriter {
  headers(fields: Record<string, string>): unknown;
}

/**
 * Tells in the fields of draft-ietf-httpapi-ratelimit-headers-10 what may be done and what is left of it.
 * @throws {TooManyRequests} where nothing is left
 */
export function enforceQuota(reply: HeaderWriter, standing: QuotaState | undefined): void {
  if (!standing) return;
  const { name, quota, remaining, resetsIn } = standing;
  reply.headers({
    'RateLimit-Policy': `"${name}";q=${quota.points};w=${quota.seconds}`,
    RateLimit: `"${name}";r=${remaining};t=${Math.ceil(resetsIn / 1000)}`,
  });
  if (standing.isOver) throw new TooManyRequests(resetsIn);
}

/** Each request to the handler counts for the network that it comes from. */
export const RateLimited = Reflector.createDecorator<LimitName>();

/** Asked before everything else, so that a request beyond the quota costs nothing. */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly limits: RateLimitService,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const name: LimitName | undefined = this.reflector.getAllAndOverride(RateLimited, targets);
    if (name === undefined) return true;
    const http = context.switchToHttp();
    const { ip } = http.getRequest<FastifyRequest>();
    const standing = await this.limits.consume(name, { stranger: networkOf(ip) ?? 'elsewhere' });
    enforceQuota(http.getResponse<FastifyReply>(), standing);
    return true;
  }
}
