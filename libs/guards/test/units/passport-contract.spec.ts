import { createHmac } from 'node:crypto';
import passport from 'passport';
import { ExtractJwt, Strategy as PassportJwtStrategy } from 'passport-jwt';
import { AccessTokenStrategy, type VerifiedCallback } from '../../src/passport/index.js';
import { TestIssuer } from '../../testing/index.js';

/** The last call of an action that passport gives to strategies. */
type Outcome = readonly [action: string, ...values: unknown[]];
type Verify = (...parameters: unknown[]) => void;
interface AnyStrategy {
  readonly name: string;
  authenticate(request: object): void;
}
interface Subject {
  create(verify: Verify, options?: object): AnyStrategy;
  token(changes?: object): string;
}

const SECRET = 'a secret of passport-jwt';
let issuer: TestIssuer;

beforeAll(async () => {
  issuer = await TestIssuer.start();
});
afterAll(() => issuer.close());

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

const subjects: [name: string, subject: Subject][] = [
  [
    'passport-jwt',
    {
      create: (verify, options) => {
        const jwtFromRequest = ExtractJwt.fromAuthHeaderAsBearerToken();
        const all = { secretOrKey: SECRET, jwtFromRequest, ...options };
        return new PassportJwtStrategy(all, verify as never);
      },
      token: (changes) => {
        const text = `${encode({ alg: 'HS256' })}.${encode({ sub: 'alice', ...changes })}`;
        return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
      },
    },
  ],
  [
    'AccessTokenStrategy',
    {
      create: (verify, options) =>
        new AccessTokenStrategy({ ...issuer.options, logsRejections: false, ...options }, verify),
      token: (changes) => issuer.accessToken({ ...changes }),
    },
  ],
];

/** Runs a strategy as the middleware of passport does. */
function run(strategy: AnyStrategy, token?: string): Promise<Outcome> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve) => {
    const act = (action: string) => ({
      [action]: (...values: unknown[]) => resolve([action, ...values]),
    });
    const actions = ['success', 'fail', 'error', 'pass', 'redirect'].map(act);
    const copy: AnyStrategy = Object.assign(Object.create(strategy), ...actions);
    copy.authenticate({ headers, url: '/' });
  });
}

const doneWith =
  (...values: Parameters<VerifiedCallback>): Verify =>
  (_token, done) =>
    (done as VerifiedCallback)(...values);

describe.each(subjects)('contract of passport-jwt, kept by %s', (_name, { create, token }) => {
  it('the strategy has the name jwt', () => {
    expect(create(doneWith(null, {})).name).toBe('jwt');
  });

  it('succeeds with user and info of the verify callback', async () => {
    const [user, info] = [{ id: 1 }, { plan: 'free' }];

    expect(await run(create(doneWith(null, user, info)), token())).toEqual(['success', user, info]);
  });

  it.each([null, undefined, false, 0, ''])(
    'fails when the verify callback gives the user %p',
    async (user) => {
      const [action] = await run(create(doneWith(null, user)), token());
      expect(action).toBe('fail');
    },
  );

  it.each([
    ['no token', () => undefined],
    ['an expired token', () => token({ exp: 1 })],
    ['a token that was changed', () => token().slice(0, -9)],
    ['text that is no token', () => 'x'],
  ])('fails for %s and calls no verify callback', async (_what, send) => {
    let calls = 0;
    const [action] = await run(
      create(() => (calls += 1)),
      send(),
    );

    expect([action, calls]).toEqual(['fail', 0]);
  });

  it('reports an error of the verify callback as an error', async () => {
    const error = new Error('database');

    expect(await run(create(doneWith(error)), token())).toEqual(['error', error]);
  });

  it('reports an error that the verify callback throws as an error', async () => {
    const error = new Error('database');
    const strategy = create(() => {
      throw error;
    });

    expect(await run(strategy, token())).toEqual(['error', error]);
  });

  it.each([
    [false, ['token']],
    [true, ['request', 'token']],
  ])('calls the verify callback by passReqToCallback: %s', async (passReqToCallback, names) => {
    const verify: Verify = (...parameters) => {
      const given = parameters
        .slice(0, -1)
        .map((one) => ('headers' in Object(one) ? 'request' : 'token'));
      (parameters.at(-1) as VerifiedCallback)(null, given);
    };

    expect((await run(create(verify, { passReqToCallback }), token()))[1]).toEqual(names);
  });
});

describe('AccessTokenStrategy as a strategy of passport-jwt', () => {
  it('extends its class, and is not registered for every application of the process', () => {
    const strategy = new AccessTokenStrategy({ ...issuer.options, name: 'own' });

    expect(strategy).toBeInstanceOf(PassportJwtStrategy);
    expect(Reflect.get(passport, '_strategies')).not.toHaveProperty('own');
  });

  it('gives no key to its authenticate(), which would skip checks', async () => {
    class BypassingStrategy extends AccessTokenStrategy {
      override authenticate(request: { headers: Record<string, string> }) {
        PassportJwtStrategy.prototype.authenticate.call(this, request as never);
      }
    }
    const [action, error] = await run(new BypassingStrategy(issuer.options), issuer.accessToken());

    expect([action, error]).toEqual([
      'fail',
      new Error('AccessTokenStrategy verifies tokens itself: passport-jwt gets no key'),
    ]);
  });
});
