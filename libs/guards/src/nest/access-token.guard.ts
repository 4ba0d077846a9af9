import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import { checkPolicies, checkRequirements, findNeededScopes } from './access-rule.js';
import { type AccessRule, AccessRules } from './access-rules.js';
import { BearerError, InsufficientScope, InvalidRequest, MissingToken } from './bearer-error.js';
import { type CredentialCarrier, readScheme } from './credentials.js';
import { resolveAccess } from './decorators.js';
import { TransportRegistry } from './http.transport.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { RejectionReporter } from './rejection-reporter.js';
import { RequestAuthenticator } from './request-authenticator.js';
import type { Operation, Transport } from './transport.js';
import { setAdmission } from './verified-token.js';

interface GuardedCall {
  readonly context: ExecutionContext;
  readonly transport: Transport;
  readonly rule: AccessRule | undefined;
  readonly carrier: CredentialCarrier;
  readonly operation: Operation | undefined;
  /** Set when the token has been verified. */
  token: AccessToken | undefined;
}

/** Authenticates and authorizes every call. Refuses handlers without a rule, and unknown transports. */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  constructor(
    private readonly authenticator: RequestAuthenticator,
    private readonly rules: AccessRules,
    private readonly transports: TransportRegistry,
    private readonly reporter: RejectionReporter,
    @Inject(RESOLVED_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {}

  /** Returns a promise only when it must wait. Throws BearerError, and every error of a policy. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = this.rules.of(context.getClass(), context.getHandler());
    if (rule?.access === 'public') return true;
    const transport = this.transports.find(context);
    if (!transport) return this.admitUnknown(context);

    const carrier = transport.carrier(context);
    const operation = transport.operation?.(context);
    const call: GuardedCall = { context, transport, rule, carrier, operation, token: undefined };
    const refuse = (error: unknown) => this.handleRejection(error, call);
    try {
      const isAllowed = this.authenticate(call);
      return isAllowed instanceof Promise ? isAllowed.catch(refuse) : isAllowed;
    } catch (error) {
      return refuse(error);
    }
  }

  /** Handlers of other libraries, such as those of message brokers, are open only by their decorators or the migration. */
  private admitUnknown(context: ExecutionContext): boolean {
    const [owner, handler] = [context.getClass(), context.getHandler()];
    const declared = resolveAccess(owner, handler);
    const isReported = this.options.undeclaredHandlers === 'reportTemporarily';
    if (declared ? declared.access === 'public' : isReported) return true;
    const call = `${owner.name}.${handler.name} was called over "${context.getType()}"`;
    this.reporter.report({ reason: 'unsupported_transport', cause: new Error(call) });
    return false;
  }

  private authenticate(call: GuardedCall) {
    const { carrier, operation } = call;
    const token = operation
      ? operation.verifyOnce(() => this.authenticator.verify(carrier))
      : this.authenticator.verify(carrier);
    if (!(token instanceof Promise)) return this.authorize(token, call);
    return token.then((verified) => this.authorize(verified, call));
  }

  private authorize(token: AccessToken, call: GuardedCall) {
    const { context, transport, rule } = call;
    call.token = token;
    if (!rule) throw new InsufficientScope([]);
    checkRequirements(rule, token, this.options);
    setAdmission(context, { token, rule }, this.options.user);
    transport.admitted?.(context, () => this.authenticator.remainingMs(token));
    return rule.policies.length === 0 || checkPolicies(rule, token, context);
  }

  private handleRejection(error: unknown, call: GuardedCall): true {
    const { carrier, operation, rule } = call;
    if (rule?.access === 'optional' && error instanceof MissingToken) return true;
    if (!(error instanceof BearerError)) throw error;
    this.completeChallenge(error, call);
    if (operation?.addRefusal(error) ?? true) this.reporter.reportGuardRejection(error, carrier);
    else this.reporter.markReported(error);
    throw error;
  }

  /** The challenge has the scheme of the call, says how its transport carries a token, and names scopes that suffice. */
  private completeChallenge(error: BearerError, { carrier, rule, token }: GuardedCall): void {
    error.scheme = readScheme(carrier);
    if (carrier.advice && error instanceof InvalidRequest) {
      error.challenge = { ...error.challenge, error_description: carrier.advice };
    }
    error.scopes = findNeededScopes(error, { rule, token }, this.options);
  }
}
