import { Injectable, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { ExpressAdapter } from '@nestjs/platform-express';
import { passportJwtSecret } from 'jwks-rsa';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { listenNest } from './nest.mjs';
import { SCOPE } from './resource.mjs';

/**
 * What the documentation of Nest, passport-jwt and jwks-rsa leads to, with issuer, audience and algorithm. One thing differs:
 * five key requests a minute, as the recipe has it, would make the answers depend on the order of the cases.
 */
function strategy({ issuer, jwksUri, audience, algorithm }) {
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: passportJwtSecret({ cache: true, rateLimit: false, jwksUri }),
        issuer,
        audience,
        algorithms: [algorithm],
      });
    }

    validate(payload) {
      return payload;
    }
  }
  Injectable()(JwtStrategy);
  return JwtStrategy;
}

class ScopeGuard {
  canActivate(context) {
    const { scope } = context.switchToHttp().getRequest().user;
    return typeof scope === 'string' && scope.split(' ').includes(SCOPE);
  }
}

/** A guard of scopes is nobody's package: everybody writes this one. */
export function start(settings) {
  return listenNest({
    adapter: new ExpressAdapter(),
    port: settings.port,
    providers: [strategy(settings)],
    decorators: [UseGuards(AuthGuard('jwt'), ScopeGuard)],
  });
}
