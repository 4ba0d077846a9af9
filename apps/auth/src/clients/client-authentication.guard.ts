import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError } from '../oauth-errors/oauth-error.js';
import { refuseQuery } from '../oauth-errors/refuse-query.js';
import { tellStanding } from '../rate-limits/rate-limit-fields.js';
import type { ClientRefusalReason } from '../security-events/security-event.js';
import { SecurityEvents } from '../security-events/security-events.js';
import { ClientAssertions } from './client-assertions.js';
import type { Client } from './client.entity.js';
import { type ClientQuota, ClientRates } from './client-rates.js';
import { secretFits } from './client-secret.js';
import { Clients } from './clients.js';
import { type PresentedCredentials, presentedCredentials } from './presented-credentials.js';

const authenticated = new WeakMap<FastifyRequest, Client>();

/** The client that the guard let in. */
export const authenticatedClient = (request: FastifyRequest): Client | undefined =>
  authenticated.get(request);

export const AuthenticatedClient = createParamDecorator((_: unknown, context: ExecutionContext) =>
  authenticatedClient(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** Which quota of confidential clients the endpoint takes from; `client` where it does not say. */
export const CountedAs = Reflector.createDecorator<ClientQuota>();

/** Client authentication of the OAuth endpoints (RFC 6749 §2.3, §3.2.1). */
@Injectable()
export class ClientAuthenticationGuard implements CanActivate {
  constructor(
    private readonly clients: Clients,
    private readonly assertions: ClientAssertions,
    private readonly rates: ClientRates,
    private readonly reflector: Reflector,
    private readonly events: SecurityEvents,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    refuseQuery(request.url);
    refuseOtherThanForm(request);
    const presented = presentedCredentials(request);
    const client = await this.rates.authenticated(presented, request.ip, () =>
      this.authenticate(presented),
    );
    const quota = this.reflector.get(CountedAs, context.getClass()) ?? 'client';
    const standing = await this.rates.count(client, request.ip, quota);
    tellStanding(context.switchToHttp().getResponse<FastifyReply>(), standing);
    authenticated.set(request, client);
    return true;
  }

  /** Unknown clients and wrong secrets get the same answer after the same work. */
  private async authenticate(presented: PresentedCredentials): Promise<Client> {
    const client = await this.clients.find(presented.id);
    const fits = secretFits(secretOf(presented), client?.secretHashes ?? []);
    if (!client) return this.refuse('unknown_client');
    if (client.authMethod !== presented.method) return this.refuse('wrong_method');
    if (client.isSecretBased && !fits) return this.refuse('wrong_secret');
    if ('assertion' in presented) await this.verify(client, presented.assertion);
    return client;
  }

  private async verify(client: Client, assertion: string): Promise<void> {
    const objection = await this.assertions.objection(client, assertion);
    if (objection) await this.refuse(objection);
  }

  private async refuse(reason: ClientRefusalReason): Promise<never> {
    await this.events.record({ type: 'client.refused', reason });
    throw OAuthError.invalidClient(reason);
  }
}

const secretOf = (presented: PresentedCredentials): string =>
  'secret' in presented ? presented.secret : '';

function refuseOtherThanForm({ headers }: FastifyRequest): void {
  const [type] = (headers['content-type'] ?? '').split(';');
  if (type?.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    throw OAuthError.invalidRequest('Send application/x-www-form-urlencoded.');
  }
}
