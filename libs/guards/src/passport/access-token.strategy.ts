import {
  type ExecutionContext,
  Inject,
  type OnModuleDestroy,
  type OnModuleInit,
  Optional,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost, ModuleRef, ModulesContainer } from '@nestjs/core';
import type { JwtFromRequestFunction } from 'passport-jwt';
import type { AccessToken } from '../core/access-token.js';
import { buildChallenge } from '../nest/bearer-error.filter.js';
import {
  BearerError,
  InvalidToken,
  MissingToken,
  TemporarilyUnavailable,
} from '../nest/bearer-error.js';
import { type CredentialCarrier, readScheme } from '../nest/credentials.js';
import {
  RESOLVED_OPTIONS,
  type GuardsOptions,
  type ResolvedGuardsOptions,
} from '../nest/guards.options.js';
import { HttpTransport } from '../nest/http.transport.js';
import { RejectionReporter } from '../nest/rejection-reporter.js';
import { RequestAuthenticator, TrustedIssuers } from '../nest/request-authenticator.js';
import { resolveOptions } from '../nest/resolve-options.js';
import { completeAuthGuards, isDefaultError, onRefused } from './auth-guards.js';
import { passport, PassportJwtStrategy, readTokenOr, refuseKey } from './passport-jwt.js';
import { addStrategy, removeStrategy } from './strategy-registry.js';

export interface AccessTokenStrategyOptions {
  /** The name for `AuthGuard(name)` and `passport.authenticate(name)`. Default `jwt`. */
  readonly name?: string | undefined;
  /** Passes the request before the token, as passport-jwt does. Default false. */
  readonly passReqToCallback?: boolean | undefined;
  /**
   * Reads the token of a request that has none in its `Authorization` header, for example from a cookie. A function of
   * passport-jwt's `ExtractJwt`, or your own. Default: no other place is read (RFC 9700 §4.3.2).
   */
  readonly jwtFromRequest?: JwtFromRequestFunction | undefined;
}

export type VerifiedCallback = (error: unknown, user?: unknown, info?: unknown) => void;

/** The verify callback of passport-jwt, with the verified token in the place of the payload. */
export type VerifyCallback = (token: AccessToken, done: VerifiedCallback) => unknown;
/** For `passReqToCallback: true`. A method, so that TypeScript accepts the request type of your framework. */
export type VerifyCallbackWithRequest = {
  verify(request: object, token: AccessToken, done: VerifiedCallback): unknown;
}['verify'];

/** `audience` and the others are for tokens that GuardsModule does not accept, and for use without Nest. */
type Options<Passes> = AccessTokenStrategyOptions & Passes & (GuardsOptions | object);

/** What verifies tokens and reports refusals. */
interface Services {
  readonly authenticator: RequestAuthenticator;
  readonly options: ResolvedGuardsOptions;
  readonly reporter: RejectionReporter;
  /** Set in Nest only. */
  readonly adapterHost?: HttpAdapterHost;
  /** Set in Nest only. */
  readonly http?: HttpTransport;
  readonly issuers?: TrustedIssuers | undefined;
}

/**
 * The strategy of passport-jwt for `AuthGuard('jwt')` and `passport.authenticate('jwt')`, with the verifier of this
 * library. Extend it, and let `validate` return your `request.user`. In Nest it verifies with the options of
 * GuardsModule.
 */
export class AccessTokenStrategy
  extends PassportJwtStrategy
  implements OnModuleInit, OnModuleDestroy
{
  declare private readonly _jwtFromRequest: JwtFromRequestFunction<CredentialCarrier>;
  declare private readonly _passReqToCallback: boolean;
  declare private readonly _verify: (...parameters: unknown[]) => unknown;
  private services: Services | undefined;
  @Optional() @Inject(ModuleRef) private readonly moduleRef?: ModuleRef;

  /** @param verify replaces `validate`, for use without Nest */
  constructor(options?: Options<{ passReqToCallback?: false }>, verify?: VerifyCallback);
  constructor(options: Options<{ passReqToCallback: true }>, verify?: VerifyCallbackWithRequest);
  constructor(
    { name, passReqToCallback = false, jwtFromRequest, ...own }: Options<object> = {},
    verify?: VerifyCallback | VerifyCallbackWithRequest,
  ) {
    const { prototype } = new.target;
    if (prototype.getPassportInstance !== AccessTokenStrategy.prototype.getPassportInstance) {
      throw new TypeError(`${new.target.name} ${NO_MIXIN}`);
    }
    const options = {
      jwtFromRequest: readTokenOr(jwtFromRequest),
      secretOrKeyProvider: refuseKey,
      passReqToCallback,
    };
    // PassportStrategy adds a callback that calls `validate`. passport-jwt takes the first callback.
    super(options, ...(verify ? [verify] : []));
    if (name !== undefined) this.name = name;
    this.services = hasGuardsOptions(own) ? createServices(resolveOptions(own)) : undefined;
  }

  /** PassportStrategy registers by this in its constructor. There the application is not known: see onModuleInit. */
  protected getPassportInstance(): object {
    return { use: () => undefined };
  }

  /** Returns your `request.user`; without one, the call is refused with 401. Default: the token. */
  validate(...parameters: never[]): unknown {
    return parameters[this._passReqToCallback ? 1 : 0];
  }

  /** The instance of Express or Fastify that receives the requests of this application. */
  get server(): unknown {
    return this.services?.adapterHost?.httpAdapter?.getInstance();
  }

  onModuleInit(): void {
    const { authenticator, issuers } = this.services ?? {};
    this.services = { ...this.findServices(), ...(authenticator && { authenticator, issuers }) };
    addStrategy(passport, this);
    completeAuthGuards(this.name, this.find(ModulesContainer));
  }

  onModuleDestroy(): void {
    removeStrategy(passport, this);
    this.services?.issuers?.onModuleDestroy();
  }

  private findServices(): Services {
    try {
      return {
        authenticator: this.find(RequestAuthenticator),
        options: this.find(RESOLVED_OPTIONS),
        reporter: this.find(RejectionReporter),
        adapterHost: this.find(HttpAdapterHost),
        http: this.find(HttpTransport),
      };
    } catch (cause) {
      throw new Error(`${this.constructor.name} ${this.moduleRef ? NO_MODULE : NO_CLASS}`, {
        cause,
      });
    }
  }

  private find<T>(token: Type<T> | symbol): T {
    if (!this.moduleRef) throw new Error('No ModuleRef');
    return this.moduleRef.get<T>(token, { strict: false });
  }

  /**
   * Called by passport on a copy of this strategy, which has the actions of the request. Replaces that of passport-jwt,
   * which verifies with jsonwebtoken by a function that all strategies of the process share.
   */
  authenticate(request: CredentialCarrier): void {
    let token;
    try {
      if (!this.services) throw new Error(`${this.constructor.name} ${NOT_STARTED}`);
      token = this.verifyToken(request, this.services);
    } catch (error) {
      return this.refuse(error, request);
    }
    if (!(token instanceof Promise)) return this.admit(token, request);
    const admit = (verified: AccessToken) => this.admit(verified, request);
    token.then(admit, (error) => this.refuse(error, request)).catch((error) => this.error(error));
  }

  private verifyToken(request: CredentialCarrier, { authenticator }: Services) {
    // A proof of possession belongs to the token of the header (RFC 9449 §7.1).
    if (readScheme(request) === 'DPoP') return authenticator.verify(request);
    const token: unknown = this._jwtFromRequest(request);
    if (typeof token === 'string') return authenticator.verifyToken(token);
    throw new MissingToken();
  }

  private admit(token: AccessToken, request: CredentialCarrier): void {
    const done: VerifiedCallback = (error, user, info) => {
      if (isDefaultError(error)) return this.refuse(refuseUser(error), request, 'error');
      if (error) return this.error(error);
      if (user) return this.success(user, info);
      this.refuse(refuseUser(info ?? new Error('validate returned no user')), request);
    };
    try {
      if (this._passReqToCallback) this._verify(request, token, done);
      else this._verify(token, done);
    } catch (error) {
      done(error);
    }
  }

  /** After `fail` passport runs the next strategy. An outage is an `error`, because the token may be valid. */
  private refuse(error: unknown, request: CredentialCarrier, action: 'fail' | 'error' = 'fail') {
    const { services } = this;
    if (!(error instanceof BearerError) || !services) return this.error(error);
    error.scheme = readScheme(request);
    const isLast = action === 'error' || error instanceof TemporarilyUnavailable;
    const report = () => services.reporter.reportGuardRejection(error, request);
    onRefused(error, (context) => {
      if (!isLast) report();
      setHeaders(error, services, context);
    });
    if (isLast || !services.adapterHost) report();
    if (isLast) return this.error(error);
    this.fail(toInfo(error, services), error.getStatus());
  }
}

function hasGuardsOptions(options: object): options is GuardsOptions {
  return Object.keys(options).length > 0;
}

function createServices(options: ResolvedGuardsOptions): Services {
  const issuers = new TrustedIssuers(options);
  const authenticator = new RequestAuthenticator(options, issuers);
  return { authenticator, options, reporter: new RejectionReporter(options, issuers), issuers };
}

/** AuthGuard passes the refusal to `handleRequest`. Without Nest, passport itself sends a text as the challenge. */
function toInfo(refusal: BearerError, { adapterHost, options }: Services): unknown {
  return adapterHost ? refusal : buildChallenge(refusal, options);
}

/** For answers by an error or a filter of the application. */
function setHeaders(
  refusal: BearerError,
  { http, options }: Services,
  context: ExecutionContext,
): void {
  if (context.getType() !== 'http') return;
  const response: unknown = context.switchToHttp().getResponse();
  http?.setRefusalHeaders(response, refusal, buildChallenge(refusal, options));
}

function refuseUser(cause: unknown): InvalidToken {
  return new InvalidToken('refused_by_policy', cause);
}

const NO_MIXIN =
  'must extend AccessTokenStrategy itself. PassportStrategy(…) would register it for every application of the process';
const NO_MODULE =
  'needs GuardsModule: import GuardsModule.forRoot(…) or GuardsModule.forFeature(…)';
const NO_CLASS = 'was created by a factory: list the class in `providers`, so that Nest can inject';
const NOT_STARTED =
  'has not started: its onModuleInit() was not called, or another one replaces it';
