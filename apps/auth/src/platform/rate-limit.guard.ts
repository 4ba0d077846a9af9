import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { LimitName } from '../auth.config.js';
import { networkOf } from './network.js';
import { type QuotaState, RateLimitService } from './rate-limit.service.js';
import { TooManyRequests } from './too-many-requests.js';

/** A reply of Fastify, or a part of it. */
interface HeaderWriter {
  headers(fields: Record<string, string>): unknown;
}

/**
 * Writes the header fields of draft-ietf-httpapi-ratelimit-headers-10.
 *
 * @throws {TooManyRequests} when the quota is exceeded
 */
export function enforceQuota(reply: HeaderWriter, quotaState: QuotaState | undefined): void {
  if (!quotaState) return;
  const { name, quota, remaining, resetsIn } = quotaState;
  reply.headers({
    'RateLimit-Policy': `"${name}";q=${quota.points};w=${quota.seconds}`,
    RateLimit: `"${name}";r=${remaining};t=${Math.ceil(resetsIn / 1000)}`,
  });
  if (quotaState.isOver) throw new TooManyRequests(resetsIn);
}

/** Each request to the handler counts for the network of the caller. */
export const RateLimited = Reflector.createDecorator<LimitName>();

/** Runs before all other guards, so that a request beyond the quota costs nothing. */
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
    const key = networkOf(ip) ?? 'elsewhere';
    const quotaState = await this.limits.consume(name, { kind: 'anonymous', key });
    enforceQuota(http.getResponse<FastifyReply>(), quotaState);
    return true;
  }
}
