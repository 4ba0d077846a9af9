import type { AccessToken } from '../../src/index.js';
import { resolveIssuer } from '../../src/core/resolve-issuer.js';
import { readAccessToken } from '../../src/core/access-token.js';
import { testToken } from '../../testing/index.js';

/** A handler as a service has it. */
function listOrders(token: AccessToken): string {
  return token.scopes.has('orders:read') ? `orders of ${token.subject}` : 'no orders';
}

describe('testToken()', () => {
  it('makes a token that a handler takes as a verified one', () => {
    expect(listOrders(testToken({ subject: 'bob', scopes: ['orders:read'] }))).toBe(
      'orders of bob',
    );
    expect(listOrders(testToken())).toBe('no orders');
  });

  it('has exactly what the guards make of the same claims', () => {
    const token = testToken({ scopes: ['a', 'b'], claims: { sid: 's1', auth_time: 5, nbf: 7 } });
    const { issuer, audience, claims } = token;
    const rules = resolveIssuer({ issuer, algorithms: ['ES256'] }, audience);

    expect(token).toEqual(readAccessToken(claims, rules));
    expect(token).toMatchObject({
      sessionId: 's1',
      authenticatedAt: new Date(5000),
      notBefore: new Date(7000),
      clientId: 'test-client',
    });
  });

  it('takes other claims, and leaves the object of the test unfrozen', () => {
    const roles = ['support'];
    const token = testToken({
      claims: { roles, iss: 'https://sso.example', aud: ['orders', 'x'], scope: 'c' },
    });

    expect(token.claims).toMatchObject({ roles, scope: 'c' });
    expect(token).toMatchObject({ issuer: 'https://sso.example', audience: 'orders' });
    expect([...token.scopes]).toEqual(['c']);
    expect(Object.isFrozen(roles)).toBe(false);
  });

  it('cannot be changed, like every verified token', () => {
    const token = testToken({ claims: { roles: ['support'] } });

    expect(Object.isFrozen(token)).toBe(true);
    expect(Object.isFrozen(token.claims['roles'])).toBe(true);
    expect(() => Reflect.apply(Reflect.get(token.scopes, 'add'), token.scopes, ['x'])).toThrow(
      'cannot be changed',
    );
  });
});
