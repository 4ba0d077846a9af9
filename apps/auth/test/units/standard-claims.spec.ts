import { findScopesOfClaims, selectStandardClaims } from '../../src/tokens/standard-claims.js';

const account = {
  email: 'ada@gatehouse.example',
  claims: JSON.stringify({ name: 'Ada', phone_number: '+44 20', address: { country: 'UK' } }),
};

describe('standard claims (OpenID Connect Core §5.4, §5.5)', () => {
  it.each([
    [['openid'], {}],
    [['openid', 'profile'], { name: 'Ada' }],
    [['email'], { email: 'ada@gatehouse.example', email_verified: false }],
    [['address', 'phone'], { phone_number: '+44 20', address: { country: 'UK' } }],
    [['constructor', '__proto__'], {}],
  ])('of the scope %j', (scope, claims) => {
    expect(selectStandardClaims(account, scope)).toEqual(claims);
  });

  it('are those asked for by name as well, where they are known', () => {
    const requested = { name: { essential: true }, nickname: null, constructor: null };
    expect(selectStandardClaims(account, ['openid'], requested)).toEqual({ name: 'Ada' });
  });

  it('of which the e-mail is the account’s, and verified only where that was said', () => {
    const claims = JSON.stringify({ email_verified: true });
    expect(selectStandardClaims({ ...account, claims }, ['email'])).toEqual({
      email: 'ada@gatehouse.example',
      email_verified: true,
    });
  });

  it('asked for by name are worth their scopes', () => {
    expect(
      findScopesOfClaims({ name: null, updated_at: null, email_verified: null, sub: null }),
    ).toEqual(['profile', 'email']);
    expect(findScopesOfClaims({ constructor: null })).toEqual([]);
  });
});
