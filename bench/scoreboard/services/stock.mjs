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
 *
 * @param {{ issuer: any, jwksUri: string, audience: string, algorithm: any }} options
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

    /** @param {any} payload */
    validate(payload) {
      return payload;
    }
  }
  Injectable()(JwtStrategy);
  return JwtStrategy;
}

class ScopeGuard {
  /** @param {any} context */
  canActivate(context) {
    const { scope } = context.switchToHttp().getRequest().user;
    return typeof scope === 'string' && scope.split(' ').includes(SCOPE);
  }
}

/**
 * There is no package with a guard for scopes, so every service writes this one.
 *
 * @param {any} settings
 */
export function start(settings) {
  return listenNest({
    adapter: new ExpressAdapter(),
    port: settings.port,
    providers: [strategy(settings)],
    decorators: [UseGuards(AuthGuard('jwt'), ScopeGuard)],
  });
}
