import { Inject, Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { type SecretOrKeyProvider, Strategy } from 'passport-jwt';
import { type AccessToken, parseAccessToken } from './access-token.js';
import { InvalidToken } from './bearer-error.js';
import { bearerToken, type HttpRequest } from './bearer-token.js';
import { parseCompactJws } from './compact-jws.js';
import { GUARDS_OPTIONS, type ResolvedGuardsOptions } from './guards.options.js';
import { parseJoseHeader } from './jose-header.js';
import { KeySet } from './key-set.js';

/** The signature is passport-jwt's, and so are `iss` and `aud`; what it leaves out is checked before and after it. */
@Injectable()
export class AccessTokenStrategy extends PassportStrategy(Strategy) {
  constructor(
    @Inject(GUARDS_OPTIONS) private readonly options: ResolvedGuardsOptions,
    keySet: KeySet,
  ) {
    const { issuer, audience, algorithms } = options;
    super({
      jwtFromRequest: bearerToken,
      secretOrKeyProvider: verificationKeys(options, keySet),
      // At the top level: inside jsonWebTokenOptions passport-jwt overwrites these three with undefined.
      issuer,
      audience,
      algorithms: [...algorithms],
      // It would measure by Date.now() and accept a token without exp: validate() looks at all times.
      ignoreExpiration: true,
      jsonWebTokenOptions: { ignoreNotBefore: true },
    });
  }

  /** passport's own registry is process-wide, where two applications would see each other's strategies. */
  getPassportInstance(): passport.Authenticator {
    return new passport.Passport();
  }

  /**
   * One attempt, on a copy: a passport strategy answers through methods that are set on it, and requests overlap.
   *
   * @throws BearerError, or whatever the verifier has to say against the token
   */
  verify(request: HttpRequest): Promise<AccessToken> {
    return new Promise((resolve, reject) => {
      const attempt: { authenticate(request: HttpRequest): void } = Object.create(this, {
        success: { value: resolve },
        fail: { value: reject },
        error: { value: reject },
      });
      attempt.authenticate(request);
    });
  }

  /** Called by passport-jwt with the claims of a token whose signature, `iss` and `aud` are right. */
  validate(claims: Record<string, unknown>): AccessToken {
    const token = parseAccessToken(claims, this.options.audience);
    this.requireCurrent(token);
    return token;
  }

  /** RFC 7519 §4.1.4 to §4.1.6, within the tolerance. */
  private requireCurrent({ expiresAt, notBefore, issuedAt }: AccessToken): void {
    const now = this.options.now();
    const tolerance = this.options.clockToleranceSeconds * 1000;
    if (now >= expiresAt.getTime() + tolerance) throw new InvalidToken('expired');
    if (notBefore && notBefore.getTime() > now + tolerance) throw new InvalidToken('not_yet_valid');
    if (issuedAt.getTime() > now + tolerance) throw new InvalidToken('issued_in_the_future');
  }
}

/** Looks a key up for tokens that deserve one: everything that can be refused without a key has been by then. */
function verificationKeys(options: ResolvedGuardsOptions, keySet: KeySet): SecretOrKeyProvider {
  const find = async (token: string) => {
    if (token.length > options.maxTokenBytes) throw new InvalidToken('oversized_token');
    const { alg, kid } = parseJoseHeader(parseCompactJws(token).header, options.algorithms);
    const key = await keySet.find(kid);
    if (!key) throw new InvalidToken('unknown_key');
    // One key, one algorithm (RFC 8725 §3.1).
    if (key.algorithm !== alg) throw new InvalidToken('refused_algorithm');
    return key.publicKey;
  };
  return (_request, token: string, done) => {
    // jsonwebtoken takes a KeyObject, and is spared parsing PEM on every request; these types are older than that.
    const proceed = done as (error: unknown, key?: unknown) => void;
    find(token)
      .then((key) => proceed(null, key))
      .catch(proceed);
  };
}
