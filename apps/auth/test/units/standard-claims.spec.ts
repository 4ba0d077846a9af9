import { findScopesOfClaims, selectUserClaims } from '../../src/tokens/standard-claims.js';

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
  ])('follow the scope %j', (scope, claims) => {
    expect(selectUserClaims(account, scope)).toEqual(claims);
  });

  it('include requested names that the account has', () => {
    const requested = { name: { essential: true }, nickname: null, constructor: null };
    expect(selectUserClaims(account, ['openid'], requested)).toEqual({ name: 'Ada' });
  });

  it('contain the account’s e-mail, and email_verified only as stored', () => {
    const claims = JSON.stringify({ email_verified: true });
    expect(selectUserClaims({ ...account, claims }, ['email'])).toEqual({
      email: 'ada@gatehouse.example',
      email_verified: true,
    });
  });

  it('map requested names to their scopes', () => {
    expect(
      findScopesOfClaims({ name: null, updated_at: null, email_verified: null, sub: null }),
    ).toEqual(['profile', 'email']);
    expect(findScopesOfClaims({ constructor: null })).toEqual([]);
  });
});
