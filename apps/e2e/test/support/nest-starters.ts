/** Sources by path. */
export type StarterFiles = Readonly<Record<string, string>>;

/**
 * Shapes of public Nest starters, in few files: a guard for each handler, one decorator that applies guards, and GraphQL. Lines
 * that end with `// rule` must be reported.
 */
export const STARTERS: Readonly<Record<string, StarterFiles>> = {
  'cookie sessions, a contract of ts-rest and inherited handlers': {
    'src/sessions.controller.ts': `
import { Controller, Get, Post, UseGuards } from '@nestjs/common';
import { SessionGuard } from './session.guard';

@Controller('bff')
export class BffController {
  @Post('login') start() { return {}; }
  @Post() signIn() { return {}; }
  @Get('me') @UseGuards(SessionGuard) me() { return {}; }
  @Post('login-history') clearHistory() { return {}; } // unguarded-write
}
`,
    'src/session.guard.ts': `
export class SessionGuard {
  canActivate(context: any) { return context.switchToHttp().getRequest().session.userId !== undefined; }
}
`,
    'src/orders.controller.ts': `
import { Controller, Delete, UseGuards } from '@nestjs/common';
import { TsRestHandler } from '@ts-rest/nest';
import { SessionGuard } from './session.guard';

class Crud {
  @Delete(':id') remove() {} // unguarded-write
}
@Controller('orders')
export class OrdersController extends Crud {
  @TsRestHandler({ method: 'POST' }) create() {} // unguarded-write
  @TsRestHandler({ method: 'GET' }) @UseGuards(SessionGuard) list() {}
}
`,
  },
  'a guard for each handler and an HS256 secret': {
    'src/auth/jwt.strategy.ts': `
import { PassportStrategy } from '@nestjs/passport';
import { ExtractJwt, Strategy } from 'passport-jwt';

export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(config: { get(name: string): string }) {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: config.get('auth.secret'), // shared-secret
    });
  }
  validate(payload: { id?: string }) {
    if (!payload.id) throw new Error('no id');
    return payload;
  }
}

export class JwtRefreshStrategy extends PassportStrategy(Strategy, 'jwt-refresh') {
  constructor(config: { get(name: string): string }) {
    super({
      jwtFromRequest: ExtractJwt.fromBodyField('refreshToken'),
      secretOrKey: config.get('auth.publicKey'),
      algorithms: ['RS256'],
      audience: 'api',
      issuer: 'https://issuer.example',
    });
  }
}
`,
    'src/auth/auth.controller.ts': `
import { Body, Controller, Get, Patch, Post, Request, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';

@Controller({ path: 'auth', version: '1' })
export class AuthController {
  @Post('email/login') login(@Body() body: object) { return body; }
  @Post('email/register') register(@Body() body: object) { return body; }
  @Post('email/confirm/new') confirmNewEmail(@Body() body: object) { return body; }
  @Post('forgot/password') forgotPassword(@Body() body: object) { return body; }
  @Post('reset/password') resetPassword(@Body() body: object) { return body; }
  @Get('me') @UseGuards(AuthGuard('jwt')) me(@Request() request: { user: object }) { return request.user; }
  @Post('refresh') @UseGuards(AuthGuard('jwt-refresh')) refresh() { return {}; }
  @Patch('me') @UseGuards(AuthGuard('jwt')) update() { return {}; }
}
`,
    'src/auth/google.controller.ts': `
import { Controller, Post } from '@nestjs/common';

@Controller({ path: 'auth/google', version: '1' })
export class AuthGoogleController {
  @Post('login') login() { return {}; }
}
`,
    'src/auth/auth.service.ts': `
import { JwtService } from '@nestjs/jwt';

export class AuthService {
  constructor(private readonly jwt: JwtService) {}
  async confirmEmail(hash: string) {
    return this.jwt.verifyAsync(hash, { secret: process.env.CONFIRM_SECRET });
  }
}
`,
    'src/users/users.controller.ts': `
import { Controller, Delete, Get, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { RolesGuard } from '../roles/roles.guard';

@UseGuards(AuthGuard('jwt'), RolesGuard)
@Controller({ path: 'users', version: '1' })
export class UsersController {
  @Get() findAll() { return []; }
  @Delete(':id') remove() { return {}; }
}
`,
    'src/files/files.controller.ts': `
import { Controller, Get, Param, Post, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';

@Controller('files')
export class FilesController {
  @Post('upload') @UseGuards(AuthGuard('jwt')) upload() { return {}; }
  @Get(':path')
  download(@Param('path') path: string) { return path; } // unguarded-read
}
`,
    'src/home/home.controller.ts': `
import { Controller, Get } from '@nestjs/common';

@Controller()
export class HomeController {
  @Get() appInfo() { return { name: 'starter' }; }
}
`,
    'test/user/auth.e2e-spec.ts': `
import { decode } from 'jsonwebtoken';
export const payload = (token: string) => decode(token);
`,
  },

  'one decorator that applies the guards, and options inside jsonWebTokenOptions': {
    'tsconfig.json':
      '{ "compilerOptions": { "baseUrl": "./", "paths": { "@decorators/*": ["./src/decorators/*"] } } }',
    'src/decorators/index.ts': "export * from './http.decorators.ts';\n",
    'src/decorators/http.decorators.ts': `
import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { AuthGuard } from 'src/guards/auth.guard';
import { RolesGuard } from 'src/guards/roles.guard';

export const PublicRoute = (isPublic = false) => SetMetadata('publicRoute', isPublic);

export function Auth(roles: string[] = [], options?: { public: boolean }) {
  const isPublic = options?.public;
  return applyDecorators(SetMetadata('roles', roles), UseGuards(AuthGuard({ public: isPublic }), RolesGuard), PublicRoute(isPublic));
}
`,
    'src/guards/auth.guard.ts': `
import { AuthGuard as NestAuthGuard, type IAuthGuard } from '@nestjs/passport';

export function AuthGuard(options?: { public?: boolean }): new () => IAuthGuard {
  return NestAuthGuard(['jwt', ...(options?.public ? ['public'] : [])]);
}
`,
    'src/guards/roles.guard.ts': `
import { type CanActivate, type ExecutionContext } from '@nestjs/common';

export class RolesGuard implements CanActivate {
  canActivate(context: ExecutionContext) {
    return context.switchToHttp().getRequest().user.role === 'admin';
  }
}
`,
    'src/modules/auth/jwt.strategy.ts': `
import { PassportStrategy } from '@nestjs/passport';
import { passportJwtSecret } from 'jwks-rsa';
import { ExtractJwt, Strategy } from 'passport-jwt';

export class JwtStrategy extends PassportStrategy(Strategy, 'jwtAccess') {
  constructor(config: { get<T>(name: string): T }) {
    super({ // missing-audience missing-issuer
      jwtFromRequest: ExtractJwt.fromAuthHeaderWithScheme(config.get<string>('auth.prefix')),
      ignoreExpiration: false,
      jsonWebTokenOptions: {
        ignoreNotBefore: true,
        audience: config.get<string>('auth.audience'), // ignored-option
        issuer: config.get<string>('auth.issuer'), // ignored-option
      },
      secretOrKeyProvider: passportJwtSecret({
        cache: true,
        rateLimit: true,
        jwksRequestsPerMinute: 5,
        jwksUri: config.get<string>('auth.jwksUri'),
      }),
      algorithms: [config.get<string>('auth.algorithm')],
    });
  }
}
`,
    'src/modules/user/user.controller.ts': `
import { Controller, Get, Post } from '@nestjs/common';
import { Auth } from '@decorators/index';

@Controller('users')
export class UserController {
  @Get() @Auth(['admin']) getUsers() { return []; }
  @Get(':id') @Auth(['user']) getUser() { return {}; }
  @Post(':id/avatar') setAvatar() { return {}; } // unguarded-write
}
`,
    'src/modules/health/health.controller.ts': `
import { Controller, Get } from '@nestjs/common';

@Controller('health')
export class HealthCheckerController {
  @Get() check() { return {}; }
}
`,
    'src/main.ts': `
import { NestFactory } from '@nestjs/core';

export async function bootstrap(module: object) {
  const app = await NestFactory.create(module);
  app.connectMicroservice({ transport: 'NATS' });
  await app.startAllMicroservices();
}
`,
    'src/modules/user/user.events.ts': `
import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';

@Controller()
export class UserEvents {
  @EventPattern('user.created') created() {} // unguarded-message
}
`,
  },

  'GraphQL with a guard for resolvers, and a global guard of the docs': {
    'src/app.module.ts': `
import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { GqlAuthGuard } from './auth/gql-auth.guard';

@Module({ providers: [{ provide: APP_GUARD, useClass: GqlAuthGuard }] })
export class AppModule {}
`,
    'src/auth/gql-auth.guard.ts': `
import { type ExecutionContext, UnauthorizedException } from '@nestjs/common';
import { GqlExecutionContext } from '@nestjs/graphql';
import { AuthGuard } from '@nestjs/passport';

export class GqlAuthGuard extends AuthGuard('jwt') {
  handleRequest<T>(error: unknown, user: T, _info: unknown, context: ExecutionContext): T {
    if (user || isOpen(context)) return user;
    throw new UnauthorizedException();
  }
  getRequest(context: ExecutionContext) {
    return GqlExecutionContext.create(context).getContext().req;
  }
}

const isOpen = (context: ExecutionContext) => Reflect.getMetadata('allow-any', context.getHandler());
`,
    'src/auth/auth.service.ts': `
import { JwtService } from '@nestjs/jwt';

export class AuthService {
  constructor(private readonly jwtService: JwtService) {}
  getUserFromToken(token: string) {
    return this.jwtService.decode(token)['userId']; // decode-without-verify
  }
  refresh(token: string) {
    return this.jwtService.verify(token, { secret: process.env.JWT_REFRESH_SECRET });
  }
}
`,
    'src/auth/auth.module.ts': `
import { Module } from '@nestjs/common';
import { JwtModule } from '@nestjs/jwt';

@Module({
  imports: [
    JwtModule.registerAsync({ useFactory: () => ({ secret: process.env.JWT_SECRET, signOptions: { expiresIn: '5m' } }) }),
  ],
})
export class AuthModule {}
`,
    'src/posts/posts.resolver.ts': `
import { Args, Mutation, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';

@Resolver()
export class PostsResolver {
  @Subscription(() => String) postCreated() { return {}; }
  @Mutation(() => String) createPost(@Args('data') data: string) { return data; }
  @Query(() => String) posts() { return []; }
  @ResolveField() author() { return {}; }
}
`,
    'src/chat/chat.gateway.ts': `
import { JwtService } from '@nestjs/jwt';
import { type OnGatewayConnection, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';

@WebSocketGateway({ namespace: '/chat' })
export class ChatGateway implements OnGatewayConnection {
  constructor(private readonly jwtService: JwtService) {}
  handleConnection(client: { handshake: { auth: { token: string } }; disconnect(): void }) {
    try {
      this.jwtService.verify(client.handshake.auth.token); // loose-verify
    } catch {
      client.disconnect();
    }
  }
  @SubscribeMessage('send') send() {} // gateway-checks-once
}
`,
  },
};
