import { ForbiddenException, HttpException, Logger, type Type } from '@nestjs/common';
import type { ModuleRef } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { AccessTokenGuard } from '../access-token.guard.js';
import { AccessTokenStrategy } from '../access-token.strategy.js';
import { callerOf } from '../caller.js';
import { closeInTime } from '../closing-time.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from '../guards.options.js';
import { BearerError, InvalidToken } from '../refusals/bearer-error.js';
import { challengeOf } from '../refusals/challenge.js';
import type { AccessToken } from '../token/access-token.js';
import { type Connection, noteToken } from './connection.js';
import { HandshakeRefusal } from './handshake-refusal.js';

export interface GatewayClass {
  readonly gateway: Type<object>;
  /** `handleConnection` of its prototype. */
  readonly handler: ReturnType<ExecutionContextHost['getHandler']>;
}

/** Asks the guard about every handshake, so that who is refused has no connection: no message, no broadcast. */
export class ConnectionGate {
  private readonly tokens = new WeakMap<object, AccessToken>();

  constructor(
    private readonly described: GatewayClass,
    private readonly moduleRef: ModuleRef,
  ) {}

  /**
   * @param handshake what bears the credentials: the client, or the request that it will come from
   * @throws HandshakeRefusal
   */
  async admit(handshake: object): Promise<void> {
    const context = this.contextOf(handshake);
    try {
      const isAdmitted = await this.the(AccessTokenGuard).canActivate(context);
      if (!isAdmitted) throw new ForbiddenException();
    } catch (error) {
      throw this.refusal(error);
    }
    const token = callerOf(context);
    if (token) this.tokens.set(handshake, token);
  }

  /** The client is connected, and stays so while its token is good. */
  opened(connection: Connection, handshake: object): void {
    const token = this.tokens.get(handshake);
    if (!token || !noteToken(connection.client, token)) return;
    const strategy = this.the(AccessTokenStrategy);
    const end = () => {
      connection.tell(this.refusal(new InvalidToken('expired')).data);
      connection.close();
    };
    connection.onceClosed(closeInTime(() => strategy.remainingMs(token), end));
  }

  private contextOf(handshake: object): ExecutionContextHost {
    const { gateway, handler } = this.described;
    const context = new ExecutionContextHost(
      [handshake, undefined, 'connection'],
      gateway,
      handler,
    );
    context.setType('ws');
    return context;
  }

  private refusal(error: unknown): HandshakeRefusal {
    if (error instanceof BearerError) {
      const options = this.moduleRef.get<ResolvedGuardsOptions>(GUARDS_OPTIONS, { strict: false });
      return HandshakeRefusal.because(error, challengeOf(error, options));
    }
    if (!(error instanceof HttpException)) new Logger('GuardedGateway').error(error);
    return HandshakeRefusal.of(error);
  }

  private the<Provider>(provider: Type<Provider>): Provider {
    return this.moduleRef.get(provider, { strict: false });
  }
}
