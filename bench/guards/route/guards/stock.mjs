import { Injectable, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import { stockOptions } from '../../verify/contenders/stock.mjs';

/** The recipe of Nest's documentation, with jwks-rsa's for the keys. */
export function stock(settings) {
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super(stockOptions(settings));
    }

    validate({ sub, scope }) {
      return { sub, scope };
    }
  }
  Injectable()(JwtStrategy);
  return {
    imports: [PassportModule],
    providers: [JwtStrategy],
    decorators: [UseGuards(AuthGuard('jwt'))],
  };
}
