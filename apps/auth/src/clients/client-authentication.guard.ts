import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError, rejectQueryParameters } from '../platform/oauth-error.js';
import { enforceQuota } from '../platform/rate-limit.guard.js';
import type { ClientRefusalReason } from '../platform/security-events/security-event.js';
import { SecurityEventService } from '../platform/security-events/security-event.service.js';
import { ClientAssertionVerifier } from './client-assertion-verifier.js';
import type { Client } from './client.entity.js';
import { type ClientQuota, ClientRateLimiter } from './client-rate-limiter.js';
import { isClientSecretCorrect } from './client-secret.js';
import { ClientRepository } from './client.repository.js';
import { type PresentedCredentials, readPresentedCredentials } from './presented-credentials.js';

const authenticatedClients = new WeakMap<FastifyRequest, Client>();

/** @returns the client that {@link ClientAuthenticationGuard} authenticated for this request */
export const getAuthenticatedClient = (request: FastifyRequest): Client | undefined =>
  authenticatedClients.get(request);

export const AuthenticatedClient = createParamDecorator((_: unknown, context: ExecutionContext) =>
  getAuthenticatedClient(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** Sets the quota that requests of confidential clients to this controller consume. The default is `client`. */
export const UseClientQuota = Reflector.createDecorator<ClientQuota>();

/** Client authentication of the OAuth endpoints (RFC 6749 §2.3, §3.2.1). */
@Injectable()
export class ClientAuthenticationGuard implements CanActivate {
  constructor(
    private readonly clients: ClientRepository,
    private readonly assertionVerifier: ClientAssertionVerifier,
    private readonly rateLimiter: ClientRateLimiter,
    private readonly reflector: Reflector,
    private readonly events: SecurityEventService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    rejectQueryParameters(request.url);
    requireFormContentType(request);
    const presented = readPresentedCredentials(request);
    const client = await this.rateLimiter.limitFailures(presented, request.ip, () =>
      this.authenticate(presented),
    );
    const quota = this.reflector.get(UseClientQuota, context.getClass()) ?? 'client';
    const state = await this.rateLimiter.consume(client, request.ip, quota);
    enforceQuota(context.switchToHttp().getResponse<FastifyReply>(), state);
    authenticatedClients.set(request, client);
    return true;
  }

  /** Compares a secret also for an unknown client, so that answer and duration are the same as for a wrong secret. */
  private async authenticate(presented: PresentedCredentials): Promise<Client> {
    const client = await this.clients.findEnabled(presented.id);
    const isCorrect = isClientSecretCorrect(
      getPresentedSecret(presented),
      client?.secretHashes ?? [],
    );
    if (!client) return this.reject('unknown_client');
    if (client.authMethod !== presented.method) return this.reject('wrong_method');
    if (client.isSecretBased && !isCorrect) return this.reject('wrong_secret');
    if (presented.method === 'private_key_jwt') {
      await this.verifyAssertion(client, presented.assertion);
    }
    return client;
  }

  private async verifyAssertion(client: Client, assertion: string): Promise<void> {
    const fault = await this.assertionVerifier.findFault(client, assertion);
    if (fault) await this.reject(fault);
  }

  private async reject(reason: ClientRefusalReason): Promise<never> {
    await this.events.record({ type: 'client.refused', reason });
    throw OAuthError.invalidClient(reason);
  }
}

function getPresentedSecret(presented: PresentedCredentials): string {
  const { method } = presented;
  const hasSecret = method === 'client_secret_basic' || method === 'client_secret_post';
  return hasSecret ? presented.secret : '';
}

function requireFormContentType({ headers }: FastifyRequest): void {
  const [type] = (headers['content-type'] ?? '').split(';');
  if (type?.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    throw OAuthError.invalidRequest('Send application/x-www-form-urlencoded.');
  }
}
