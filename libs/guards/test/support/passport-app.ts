import {
  type CanActivate,
  Controller,
  type DynamicModule,
  Get,
  type INestApplication,
  Injectable,
  Module,
  type Provider,
  Req,
  type Type,
  UseGuards,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  type AccessToken,
  GuardsModule,
  type GuardsOptions,
  type Rejection,
} from '../../src/index.js';
import { AccessTokenStrategy } from '../../src/passport/index.js';
import { type platforms } from './guarded-app.js';

type Adapter = (typeof platforms)[number][1];
export type Guard = Type<CanActivate> | CanActivate;

/** The members of a request that passport sets. */
export interface PassportRequest {
  readonly user?: unknown;
  readonly account?: unknown;
  readonly authInfo?: unknown;
}

/** A controller as services have it: guarded by passport, with what passport sets as the answer. */
function profileGuardedBy(guard: Guard): Type {
  @Controller()
  class ProfileController {
    @Get('profile')
    @UseGuards(guard)
    show(@Req() { user, account }: PassportRequest) {
      return { user, account };
    }
  }
  return ProfileController;
}

export interface PassportApp {
  readonly adapter: Adapter;
  readonly options: GuardsOptions;
  readonly guard: Guard;
  readonly providers: Provider[];
  readonly controllers?: Type[];
  readonly imports?: DynamicModule[];
  readonly configure?: (app: INestApplication) => void;
  /** Default `forFeature`: passport is the only guard. */
  readonly guards?: (options: GuardsOptions) => DynamicModule;
}

export async function passportApp({
  adapter,
  options,
  guard,
  providers,
  controllers = [],
  imports = [],
  configure,
  guards = (given) => GuardsModule.forFeature(given),
}: PassportApp): Promise<INestApplication> {
  class AppModule {}
  Module({
    imports: [guards(options), ...imports],
    controllers: [profileGuardedBy(guard), ...controllers],
    providers,
  })(AppModule);
  const app = await NestFactory.create(AppModule, adapter(), { logger: false });
  configure?.(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

/** While a service moves from passport to `@RequireScopes`. */
export const besideAccessTokenGuard = (options: GuardsOptions): DynamicModule =>
  GuardsModule.forRoot({ ...options, undeclaredHandlers: 'reportTemporarily' });

/** The refusals of an application, in the order of its calls. */
export function recordRejections() {
  const rejections: Rejection[] = [];
  return { rejections, onRejected: (rejection: Rejection) => rejections.push(rejection) };
}

@Injectable()
export class JwtStrategy extends AccessTokenStrategy {
  override validate(token: AccessToken): unknown {
    return { userId: token.subject };
  }
}

/** The answers to refused calls. */
export const UNAUTHORIZED = {
  type: 'about:blank',
  title: 'Unauthorized',
  status: 401,
  message: 'Unauthorized',
};
const METADATA = 'resource_metadata="https://api.example/.well-known/oauth-protected-resource"';
export const NO_TOKEN = `Bearer ${METADATA}`;
export const INVALID_TOKEN = `Bearer error="invalid_token", error_description="This access token is not valid here", ${METADATA}`;
