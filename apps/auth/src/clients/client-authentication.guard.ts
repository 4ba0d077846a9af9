import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OAuthError, rejectQueryParameters, TooManyRequests } from '../platform/oauth-error.js';
import { presentedClientIds } from '../platform/oauth-error.filter.js';
import {
  enforceQuota,
  type QuotaOwner,
  type QuotaState,
  RateLimitService,
} from '../platform/rate-limit.service.js';
import { RequestOriginService } from '../platform/request-source.guard.js';
import { ClientAssertionVerifier } from './client-assertion-verifier.js';
import type { Client } from './client.entity.js';
import { RegisteredOrigins } from './cross-origin.hook.js';
import { isClientSecretCorrect } from './registered-credentials.js';
import { ClientRepository } from './client.repository.js';
import { type PresentedCredentials, readPresentedCredentials } from './presented-credentials.js';
import { describeNetwork } from '../platform/network.js';
import { IssuedCredentials } from '../tokens/issued-credentials.js';

/** The quotas of confidential clients; an endpoint selects one of them with `UseClientQuota`. */
export type ClientQuota = 'client' | 'introspection';

/** Limits the requests of a client, and the failed authentications in its name. */
@Injectable()
export class ClientRateLimiter {
  constructor(
    private readonly limits: RateLimitService,
    private readonly requestOrigins: RequestOriginService,
    private readonly registeredOrigins: RegisteredOrigins,
    private readonly issued: IssuedCredentials,
  ) {}

  /**
   * Slows down an attacker who guesses secrets (RFC 6749 §2.3.1). Failures count for the client and the address together, so an
   * attacker cannot lock out the client at another address. Only failures are limited: correct credentials pass after any number
   * of failures, because the check is cheap and a secret has 256 random bits.
   * @throws {TooManyRequests} instead of the failure, when the quota is exceeded
   */
  async limitFailures(
    { id }: PresentedCredentials,
    address: string,
    authenticate: () => Promise<Client>,
  ): Promise<Client> {
    try {
      return await authenticate();
    } catch (error) {
      if (!(error instanceof OAuthError)) throw error;
      const owner = { kind: 'anonymous', key: `${id} ${address}` } as const;
      const usage = await this.limits.consume('failed-client', owner);
      throw usage?.isOver ? new TooManyRequests(usage.resetsIn) : error;
    }
  }

  /** Counts a request by the credential in its body. */
  consume(
    client: Client,
    request: FastifyRequest,
    quota: ClientQuota,
  ): Promise<QuotaState | undefined> {
    return client.isPublic
      ? this.consumePublic(request, readPresentedText(request.body))
      : this.limits.consume(quota, this.findOwner(client, request));
  }

  /** @throws {TooManyRequests} when {@link consume} would exceed the quota of a confidential client */
  checkNotExhausted(client: Client, request: FastifyRequest, quota: ClientQuota): Promise<void> {
    return this.limits.checkNotExhausted(quota, this.findOwner(client, request));
  }

  /**
   * A credential that this server issued counts for its session. Callers through an application can send it any number of
   * made-up ones, so these count apart. Requests of the client for itself have none.
   */
  private findOwner({ id }: Client, { body }: FastifyRequest): QuotaOwner {
    const text = readPresentedText(body);
    if (text === undefined) return { kind: 'client', id };
    const key = `${this.issued.identify(text) ?? 'made-up credentials'} at ${id}`;
    return { kind: 'anonymous', key };
  }

  /**
   * An attacker can send the id of a public client, so requests without a credential that this server issued count for the network.
   * Requests that a page of an unregistered origin sent count apart, so such a page cannot use up the quota of its visitors' network.
   * @param text the presented credential
   */
  async consumePublic(
    request: FastifyRequest,
    text: string | undefined,
  ): Promise<QuotaState | undefined> {
    const owner = text === undefined ? undefined : this.issued.identify(text);
    const key = owner ?? (await this.describeSender(request));
    return this.limits.consume('token', { kind: 'anonymous', key });
  }

  private async describeSender(request: FastifyRequest): Promise<string> {
    const network = describeNetwork(request.ip);
    return (await this.isOfUnregisteredPage(request)) ? `pages in ${network}` : network;
  }

  private async isOfUnregisteredPage(request: FastifyRequest): Promise<boolean> {
    const foreign = this.requestOrigins.find(request);
    if (!foreign) return false;
    return foreign.origin === undefined || !(await this.registeredOrigins.includes(foreign.origin));
  }
}

/** The parameter with the credential of each grant. A request for revocation or introspection has no grant. */
const CREDENTIAL_PARAMETERS: ReadonlyMap<unknown, string> = new Map([
  ['authorization_code', 'code'],
  ['refresh_token', 'refresh_token'],
  ['urn:ietf:params:oauth:grant-type:token-exchange', 'subject_token'],
  [undefined, 'token'],
]);

/** @returns undefined for a grant without a credential; an empty text if the credential is missing or repeated */
function readPresentedText(body: unknown): string | undefined {
  const fields = new Map<string, unknown>(Object.entries(body ?? {}));
  const name = CREDENTIAL_PARAMETERS.get(fields.get('grant_type'));
  if (name === undefined) return undefined;
  const text = fields.get(name);
  return typeof text === 'string' ? text : '';
}

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
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    rejectQueryParameters(request.url);
    requireFormContentType(request);
    rememberClientId(request, new Map(Object.entries(request.body ?? {})).get('client_id'));
    const presented = readPresentedCredentials(request);
    rememberClientId(request, presented.id);
    const quota = this.reflector.get(UseClientQuota, context.getClass()) ?? 'client';
    const client = await this.rateLimiter.limitFailures(presented, request.ip, () =>
      this.authenticate(presented, request, quota),
    );
    const state = await this.rateLimiter.consume(client, request, quota);
    enforceQuota(context.switchToHttp().getResponse<FastifyReply>(), state);
    authenticatedClients.set(request, client);
    return true;
  }

  /**
   * A cached registration can authenticate the client, and only its row can refuse it, so that a new secret works at once. A
   * secret is compared also for an unknown client, so that answer and duration are the same as for a wrong secret.
   */
  private async authenticate(
    presented: PresentedCredentials,
    request: FastifyRequest,
    quota: ClientQuota,
  ): Promise<Client> {
    const cached = this.clients.getRecentlyEnabled(presented.id);
    if (isProven(presented, cached)) return cached;
    const client = await this.clients.findEnabled(presented.id);
    const isCorrect = isSecretCorrect(presented, client);
    if (!client) throw OAuthError.invalidClient('unknown_client');
    if (!isAccepted(presented, client)) throw wrongMethodError(presented, client);
    if (client.isSecretBased && !isCorrect) throw OAuthError.invalidClient('wrong_secret');
    if (presented.method !== 'private_key_jwt') return client;

    const path = getPath(request);
    // The quota bounds the rows of the replay cache, also those that strangers cause with made-up codes.
    const beforeUse = () => this.rateLimiter.checkNotExhausted(client, request, quota);
    await this.assertionVerifier.verify(client, presented.assertion, { path, beforeUse });
    return client;
  }
}

const getPath = ({ url }: FastifyRequest): string => url.replace(/\?.*/s, '');

/** A secret is the same secret in the header and in the body (RFC 6749 §2.3.1). The other methods are exact. */
const isAccepted = (presented: PresentedCredentials, client: Client): boolean =>
  client.isSecretBased ? hasSecret(presented) : client.authMethod === presented.method;

/** An assertion needs the row, because the client may use a key that the operator added just now. */
function isProven(presented: PresentedCredentials, client: Client | undefined): client is Client {
  const isCorrect = isSecretCorrect(presented, client);
  if (!client || presented.method === 'private_key_jwt') return false;
  return isAccepted(presented, client) && (isCorrect || !client.isSecretBased);
}

/** The answer names the registered method: client ids are public, and the method helps no attacker to authenticate. */
const wrongMethodError = (presented: PresentedCredentials, client: Client): OAuthError =>
  OAuthError.invalidClient('wrong_method', {
    presented: presented.method,
    expected: client.authMethod,
    hint: describeWrongMethod(presented, client),
  });

function describeWrongMethod({ method }: PresentedCredentials, client: Client): string {
  if (client.isPublic) return 'the client is public, so the request must have no credentials';
  if (method === 'none' && client.isSecretBased) {
    return 'the client has a secret, and the request has none';
  }
  // `client_secret_jwt` looks like `private_key_jwt`, and would need the secret itself, of which only a hash is stored.
  if (method === 'private_key_jwt' && client.isSecretBased) {
    return 'the client has a secret, to be sent by Basic or as client_secret, and the request has an assertion; client_secret_jwt is not supported';
  }
  return `the client is registered for ${client.authMethod}, and the request used ${method}`;
}

/** For the event of a refusal. */
function rememberClientId(request: FastifyRequest, id: unknown): void {
  if (typeof id === 'string') presentedClientIds.set(request, id);
}

type PresentedSecret = Extract<PresentedCredentials, { readonly secret: string }>;

const hasSecret = (presented: PresentedCredentials): presented is PresentedSecret =>
  presented.method === 'client_secret_basic' || presented.method === 'client_secret_post';

const isSecretCorrect = (presented: PresentedCredentials, client: Client | undefined): boolean =>
  hasSecret(presented) && isClientSecretCorrect(presented.secret, client?.secretHashes ?? []);

function requireFormContentType({ headers }: FastifyRequest): void {
  const [type] = (headers['content-type'] ?? '').split(';');
  if (type?.trim().toLowerCase() !== 'application/x-www-form-urlencoded') {
    throw OAuthError.invalidRequest('Send application/x-www-form-urlencoded.');
  }
}
