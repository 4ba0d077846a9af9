import { PassportStrategy } from '@nestjs/passport';
import { type JwtFromRequestFunction, type SecretOrKeyProvider, Strategy } from 'passport-jwt';
import { MissingToken } from '../nest/bearer-error.js';
import { type CredentialCarrier, readCredentials } from '../nest/credentials.js';
import type { PassportActions, PassportRegistry } from './strategy-registry.js';

interface RequiredOptions {
  readonly jwtFromRequest: JwtFromRequestFunction<CredentialCarrier>;
  readonly secretOrKeyProvider: SecretOrKeyProvider;
  readonly passReqToCallback: boolean;
}

/** The types of passport-jwt are narrower than what passport does: an error can be any value, and a status can be absent. */
type Base = Omit<Strategy, keyof PassportActions | 'authenticate'> & PassportActions;

/** The class that `PassportStrategy(Strategy)` of a service extends. */
export const PassportJwtStrategy = PassportStrategy(Strategy) as unknown as new (
  options: RequiredOptions,
  ...verify: readonly unknown[]
) => Base;

/** @nestjs/passport does not declare this method. It returns the passport in which AuthGuard finds strategies. */
const base = PassportJwtStrategy.prototype as { getPassportInstance(): PassportRegistry };
export const passport = base.getPassportInstance();

/** Reads the header as AccessTokenGuard does, so that `other` cannot add a second token to a request. */
export function readTokenOr(other: JwtFromRequestFunction | undefined) {
  return (request: CredentialCarrier): string | null => {
    try {
      return readCredentials(request).token;
    } catch (error) {
      if (other && error instanceof MissingToken) return other(request) || null;
      throw error;
    }
  };
}

/** passport-jwt requires a source of keys. This one gives none, because jsonwebtoken checks less than our verifier. */
export const refuseKey: SecretOrKeyProvider = (_request, _token, done) => {
  done(new Error('AccessTokenStrategy verifies tokens itself: passport-jwt gets no key'));
};
