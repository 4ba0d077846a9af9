import type { AccessToken } from '../../src/index.js';
import { testToken, TestIssuer } from '../../testing/index.js';
import { anAuthenticator } from '../support/factories.js';

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

  it('testToken() returns exactly what the guards make of a signed token with the same claims', async () => {
    const issuer = await TestIssuer.start();
    const claims = { ...issuer.claims(), sid: 's1', auth_time: 5, nbf: 7, roles: ['support'] };
    const verified = await anAuthenticator(issuer.options).verifyToken(issuer.accessToken(claims));

    expect(testToken({ claims })).toEqual(verified);
    expect(verified).toMatchObject({ sessionId: 's1', notBefore: new Date(7000) });
    await issuer.close();
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

  it('no test can change it, like every verified token', () => {
    const token = testToken({ claims: { roles: ['support'] } });

    expect(Object.isFrozen(token)).toBe(true);
    expect(Object.isFrozen(token.claims['roles'])).toBe(true);
    expect(() => Reflect.apply(Reflect.get(token.scopes, 'add'), token.scopes, ['x'])).toThrow(
      'cannot be changed',
    );
  });
});
