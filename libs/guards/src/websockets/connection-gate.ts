import { ForbiddenException, HttpException, Logger, type Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { AccessRules } from '../nest/access-rules.js';
import { AccessTokenGuard } from '../nest/access-token.guard.js';
import { RequestAuthenticator } from '../nest/request-authenticator.js';
import { findVerifiedToken } from '../nest/verified-token.js';
import { closeOnExpiry } from '../transports/messages.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from '../nest/guards.options.js';
import { BearerError, InvalidToken } from '../nest/bearer-error.js';
import { findNeededScopes } from '../nest/access-rule.js';
import { buildChallenge } from '../nest/bearer-error.filter.js';
import type { AccessToken } from '../core/access-token.js';
import { type Connection, HandshakeError, rememberToken } from './connection.js';

export interface GatewayClass {
  readonly gateway: Type<object>;
  /** `handleConnection` of its prototype. */
  readonly handler: ReturnType<ExecutionContextHost['getHandler']>;
}

/** Calls the guard for every handshake. A refused client gets no connection, so it receives no message and no broadcast. */
export class ConnectionGate {
  private readonly tokens = new WeakMap<object, AccessToken>();

  constructor(
    private readonly gatewayClass: GatewayClass,
    private readonly moduleRef: ModuleRef,
  ) {}

  /**
   * @param handshake the object with the credentials: the client, or the request before the upgrade
   * @throws HandshakeError
   */
  async authenticate(handshake: object): Promise<void> {
    const context = this.createContext(handshake);
    try {
      const isAdmitted = await this.getProvider(AccessTokenGuard).canActivate(context);
      if (!isAdmitted) throw new ForbiddenException();
    } catch (error) {
      throw this.toHandshakeError(error);
    }
    const token = findVerifiedToken(context);
    if (token) this.tokens.set(handshake, token);
  }

  /** Closes the connection when its token ends. */
  closeOnExpiry(connection: Connection, handshake: object): void {
    const token = this.tokens.get(handshake);
    if (!token || !rememberToken(connection.client, token)) return;
    const authenticator = this.getProvider(RequestAuthenticator);
    const end = () => {
      connection.sendError(this.toHandshakeError(this.createExpiry(token)).data);
      connection.close();
    };
    connection.onceClosed(closeOnExpiry(() => authenticator.remainingMs(token), end));
  }

  private createExpiry(token: AccessToken): InvalidToken {
    const { gateway, handler } = this.gatewayClass;
    const expiry = new InvalidToken('expired');
    const rule = this.getProvider(AccessRules).of(gateway, handler);
    expiry.scopes = findNeededScopes(expiry, { rule, token }, this.findOptions());
    return expiry;
  }

  private createContext(handshake: object): ExecutionContextHost {
    const { gateway, handler } = this.gatewayClass;
    const context = new ExecutionContextHost(
      [handshake, undefined, 'connection'],
      gateway,
      handler,
    );
    context.setType('ws');
    return context;
  }

  private toHandshakeError(error: unknown): HandshakeError {
    if (error instanceof BearerError) {
      return HandshakeError.fromBearerError(error, buildChallenge(error, this.findOptions()));
    }
    if (!(error instanceof HttpException)) new Logger('GuardedGateway').error(error);
    return HandshakeError.from(error);
  }

  private findOptions(): ResolvedGuardsOptions {
    return this.moduleRef.get<ResolvedGuardsOptions>(RESOLVED_OPTIONS, { strict: false });
  }

  private getProvider<Provider>(provider: Type<Provider>): Provider {
    return this.moduleRef.get(provider, { strict: false });
  }
}
