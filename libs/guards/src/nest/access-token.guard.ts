import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { AccessToken } from '../core/access-token.js';
import { currentLifetimeLimits, type LifetimeOptions } from '../core/claims.js';
import { type AccessRule, checkRolesAndClaims, selectScopes } from './access-rule.js';
import { AccessRules } from './access-rules.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import {
  BearerError,
  InsufficientClaims,
  InsufficientScope,
  InsufficientUserAuthentication,
  InvalidRequest,
  MissingToken,
  type RejectionReason,
} from './bearer-error.js';
import { findNeededScopes } from './challenge.js';
import { type CredentialCarrier, readScheme } from './credentials.js';
import { RESOLVED_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { RejectionReporter } from './rejection-reporter.js';
import type { Transport } from './transport.js';
import { TransportRegistry } from './transports.js';
import { setAdmission } from './verified-token.js';

type VerificationResult = AccessToken | Promise<AccessToken>;

/** Caches the verification of operations with several handlers, such as the fields of a GraphQL query. */
export class OperationCache {
  private readonly results = new WeakMap<object, () => VerificationResult>();
  private readonly reported = new WeakMap<object, Set<RejectionReason>>();
  private readonly neededScopes = new WeakMap<object, Set<string>>();

  /** Verifies once, and repeats the result or the error. */
  verifyOnce(operation: object, verify: () => VerificationResult): VerificationResult {
    const result = this.results.get(operation) ?? captureResult(verify);
    this.results.set(operation, result);
    return result();
  }

  /** Adds the scopes of a refused handler to those of the operation, because its client needs a token for all of them. */
  collectScopes(operation: object, scopes: readonly string[]): readonly string[] {
    const all = new Set([...(this.neededScopes.get(operation) ?? []), ...scopes]);
    this.neededScopes.set(operation, all);
    return [...all];
  }

  /** True for the first refusal of the operation with this reason. */
  isFirstRejection(operation: object, reason: RejectionReason): boolean {
    const reasons = this.reported.get(operation) ?? new Set();
    this.reported.set(operation, reasons);
    if (reasons.has(reason)) return false;
    reasons.add(reason);
    return true;
  }
}

function captureResult(verify: () => VerificationResult): () => VerificationResult {
  try {
    const verified = verify();
    return () => verified;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

interface GuardedCall {
  readonly context: ExecutionContext;
  readonly transport: Transport;
  readonly rule: AccessRule | undefined;
  readonly carrier: CredentialCarrier;
  /** Shared by the handlers that answer one operation. */
  readonly operation: object | undefined;
  /** Set when the token has been verified. */
  token: AccessToken | undefined;
}

/** Authenticates and authorizes every call. Refuses handlers without a rule, and unknown transports. */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  private readonly operations = new OperationCache();

  constructor(
    private readonly strategy: AccessTokenStrategy,
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
    if (!transport) return this.rejectTransport();

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

  private authenticate(call: GuardedCall) {
    const { carrier, operation } = call;
    const token = operation
      ? this.operations.verifyOnce(operation, () => this.strategy.verify(carrier))
      : this.strategy.verify(carrier);
    if (!(token instanceof Promise)) return this.authorize(token, call);
    return token.then((verified) => this.authorize(verified, call));
  }

  private authorize(token: AccessToken, call: GuardedCall) {
    const { context, transport, rule } = call;
    call.token = token;
    if (!rule) throw new InsufficientScope([]);
    checkScopes(rule, token, this.options);
    checkRolesAndClaims(rule, token);
    checkRecentLogin(rule, token, this.options);
    setAdmission(context, { token, rule }, this.options.user);
    transport.admitted?.(context, () => this.strategy.remainingMs(token));
    return rule.policies.length === 0 || checkPolicies(rule, token, context);
  }

  private handleRejection(error: unknown, call: GuardedCall): true {
    const { carrier, operation, rule } = call;
    if (rule?.access === 'optional' && error instanceof MissingToken) return true;
    if (error instanceof BearerError) {
      this.completeChallenge(error, call);
      const isFirst = !operation || this.operations.isFirstRejection(operation, error.reason);
      if (isFirst) this.reporter.reportGuardRejection(error, carrier);
      else this.reporter.markReported(error);
    }
    throw error;
  }

  /** The challenge has the scheme of the call, says how its transport carries a token, and names scopes that suffice. */
  private completeChallenge(error: BearerError, call: GuardedCall): void {
    const { carrier, operation, rule, token } = call;
    error.scheme = readScheme(carrier);
    if (error instanceof InvalidRequest) error.advice = carrier.advice ?? error.advice;
    const scopes = rule ? findNeededScopes(error, { rule, token }, this.options) : [];
    error.scopes = operation ? this.operations.collectScopes(operation, scopes) : scopes;
  }

  private rejectTransport(): false {
    this.reporter.report({ reason: 'unsupported_transport' });
    return false;
  }
}

/**
 * Checks the scopes that the rule requires.
 *
 * @throws InsufficientScope with one set of scopes that is missing
 */
function checkScopes(
  rule: AccessRule,
  { scopes: held }: AccessToken,
  { advertisedScopes: advertised }: ResolvedGuardsOptions,
): void {
  const scopes = rule.scopes.filter((scope) => !held.has(scope));
  const anyScopes = rule.anyScopes.filter((group) => !group.some((scope) => held.has(scope)));
  if (scopes.length > 0 || anyScopes.length > 0) {
    throw new InsufficientScope(selectScopes({ scopes, anyScopes }, { advertised }));
  }
}

/**
 * RFC 9470 §3. Refuses an `auth_time` in the future, because the time of that login is unknown.
 *
 * @throws InsufficientUserAuthentication
 */
function checkRecentLogin(
  { maxLoginAge }: AccessRule,
  { authenticatedAt }: AccessToken,
  options: LifetimeOptions,
): void {
  if (maxLoginAge === Infinity) return;
  const { now, tolerance } = currentLifetimeLimits(options);
  const age = now - (authenticatedAt?.getTime() ?? -Infinity);
  if (age > maxLoginAge * 1000 + tolerance || age < -tolerance) {
    throw new InsufficientUserAuthentication(maxLoginAge);
  }
}

/**
 * Runs the policies one after the other, in the order of their decorators, and those of the controller first.
 *
 * @throws InsufficientClaims when a policy refuses, and every error of a policy
 */
async function checkPolicies(
  { policies }: AccessRule,
  token: AccessToken,
  context: ExecutionContext,
): Promise<true> {
  for (const allows of policies) {
    if ((await allows(token, context)) !== true) throw new InsufficientClaims('refused_by_policy');
  }
  return true;
}
