import { createHash } from 'node:crypto';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { describeNetwork } from '../platform/network.js';
import { enforceQuota, RateLimitService } from '../platform/rate-limit.service.js';
import { RegistrationService } from './registration.service.js';

/**
 * Refuses registrations that `REGISTRATION` does not allow before they count for the rate limit. So a request without an
 * invitation does not use up the limit of invited users in its network.
 */
@Injectable()
export class RegistrationGuard implements CanActivate {
  constructor(
    private readonly registrations: RegistrationService,
    private readonly limits: RateLimitService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const invitation = readInvitation(request);
    const email = await this.registrations.findInvitedEmail(invitation);
    if (request.method !== 'POST') return true;
    // An invitation counts for itself, so that other users of the network cannot use it up.
    const key =
      email === undefined
        ? describeNetwork(request.ip)
        : `invitation ${hashInvitation(invitation)}`;
    const state = await this.limits.consume('registration', { kind: 'anonymous', key });
    enforceQuota(http.getResponse<FastifyReply>(), state);
    return true;
  }
}

const hashInvitation = (code: unknown): string =>
  createHash('sha256').update(String(code)).digest('base64url');

function readInvitation({ method, body, query }: FastifyRequest): unknown {
  const source = method === 'POST' ? body : query;
  return typeof source === 'object' && source !== null && 'invitation' in source
    ? source.invitation
    : undefined;
}
