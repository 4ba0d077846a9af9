import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { setCaller } from './caller.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { type CredentialCarrier, schemeOf } from './http/credentials.js';
import { Operations } from './operations.js';
import { BearerError, InsufficientScope, MissingToken } from './refusals/bearer-error.js';
import { Observer } from './refusals/observer.js';
import {
  type AccessRule,
  requirePolicies,
  requireReach,
  requireRecentLogin,
} from './rules/access-rule.js';
import { AccessRules } from './rules/access-rules.js';
import type { AccessToken } from './token/access-token.js';
import type { Transport } from './transport.js';
import { Transports } from './transports.js';

/** What the guard is asked about. */
interface Call {
  readonly context: ExecutionContext;
  readonly transport: Transport;
  readonly rule: AccessRule | undefined;
  readonly carrier: CredentialCarrier;
  /** What it is a part of, where many handlers answer together. */
  readonly operation: object | undefined;
}

/** Who are you, and may you? Fails closed: a handler without a rule and a transport we do not know are refused. */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  private readonly operations = new Operations();

  constructor(
    private readonly strategy: AccessTokenStrategy,
    private readonly rules: AccessRules,
    private readonly transports: Transports,
    private readonly observer: Observer,
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {}

  /** At once where nothing has to be waited for. Throws BearerError, and whatever a policy throws. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = this.rules.of(context.getClass(), context.getHandler());
    if (rule?.access === 'public') return true;
    const transport = this.transports.of(context);
    if (!transport) return this.refuseTransport();

    const carrier = transport.carrier(context);
    const call = { context, transport, rule, carrier, operation: transport.operation?.(context) };
    const refuse = (error: unknown) => this.refuse(error, call);
    try {
      const answer = this.decide(call);
      return answer instanceof Promise ? answer.catch(refuse) : answer;
    } catch (error) {
      return refuse(error);
    }
  }

  private decide(call: Call) {
    const { carrier, operation } = call;
    const token = operation
      ? this.operations.verify(operation, () => this.strategy.verify(carrier))
      : this.strategy.verify(carrier);
    if (!(token instanceof Promise)) return this.admit(token, call);
    return token.then((verified) => this.admit(verified, call));
  }

  private admit(token: AccessToken, { context, transport, rule }: Call) {
    if (!rule) throw new InsufficientScope([]);
    requireReach(rule, token);
    requireRecentLogin(rule, token, this.options);
    setCaller(context, token);
    transport.admitted?.(context, () => this.strategy.remainingMs(token));
    return rule.policies.length === 0 || requirePolicies(rule, token, context);
  }

  private refuse(error: unknown, { carrier, operation, rule }: Call): true {
    if (rule?.access === 'optional' && error instanceof MissingToken) return true;
    if (error instanceof BearerError) {
      error.scheme = schemeOf(carrier);
      const isNews = !operation || this.operations.isNews(operation, error.reason);
      if (isNews) this.observer.refused(error, carrier);
      else this.observer.settle(error);
    }
    throw error;
  }

  private refuseTransport(): false {
    this.observer.tell({ reason: 'unsupported_transport' });
    return false;
  }
}
