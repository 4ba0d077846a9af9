import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import type { AccessToken } from './access-token.js';
import { AccessTokenStrategy } from './access-token.strategy.js';
import { AccessRules } from './access-rules.js';
import { BearerError, InsufficientScope } from './bearer-error.js';
import type { HttpRequest } from './bearer-token.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { describeRejection, refusalOf } from './refusal.js';

/** Who are you, and may you? Fails closed: a handler without a rule and a transport we do not know are refused. */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  constructor(
    private readonly strategy: AccessTokenStrategy,
    private readonly rules: AccessRules,
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return this.refuseTransport();
    const rule = this.rules.of(context.getClass(), context.getHandler());
    if (rule?.isPublic) return true;

    const request = context.switchToHttp().getRequest<HttpRequest & { user?: AccessToken }>();
    try {
      const token = await this.strategy.verify(request);
      requireScopes(token, rule?.scopes ?? []);
      request.user = token;
      return true;
    } catch (error) {
      throw this.observed(refusalOf(error), request);
    }
  }

  private observed(refusal: BearerError, request: HttpRequest): BearerError {
    const { onRejected } = this.options;
    onRejected?.(describeRejection(refusal, request, this.options));
    return refusal;
  }

  private refuseTransport(): false {
    this.options.onRejected?.({ reason: 'unsupported_transport', issuer: this.options.issuer });
    return false;
  }
}

/** A rule without scopes cannot be met: the boot audit lets none pass, and neither does this. */
function requireScopes({ scopes }: AccessToken, required: readonly string[]): void {
  const missing = required.filter((scope) => !scopes.has(scope));
  if (required.length === 0 || missing.length > 0) throw new InsufficientScope(missing);
}
