import { authConfig } from '../../src/auth.config.js';
import { DEFAULT_RESOURCE_SERVERS } from '../../src/default-resource-servers.js';
import { de } from '../../src/pages/texts/de.js';
import { en } from '../../src/pages/texts/en.js';

const { RESOURCE_SERVERS, FIRST_PARTY_SCOPE } = authConfig({});

describe.each(DEFAULT_RESOURCE_SERVERS)('the default resource server $identifier', (listed) => {
  const configured = RESOURCE_SERVERS.find(({ identifier }) => identifier === listed.identifier);

  it('offers the scopes of the list, and users get those without a role or a mark', () => {
    expect(configured?.scopes).toEqual(listed.scopes.map(({ name }) => name));
    const ofUsers = configured?.scopes.filter((scope) => !configured.privileged.has(scope)) ?? [];
    expect(FIRST_PARTY_SCOPE).toEqual(expect.arrayContaining(ofUsers));
  });

  it('shows users a sentence for each scope that a user can allow, in each language', () => {
    for (const scope of listed.scopes.filter(({ holder }) => holder !== 'service')) {
      expect(en.scopes).toHaveProperty([scope.name], expect.stringMatching(/\w/));
      expect(de.scopes).toHaveProperty([scope.name], expect.stringMatching(/\w/));
      expect(en.scopes[scope.name]).not.toBe(de.scopes[scope.name]);
    }
  });

  it('lets only a user with the role have a scope for staff, and no user a scope for services', () => {
    for (const scope of listed.scopes.filter(({ holder }) => holder !== 'user')) {
      const roles = scope.holder === 'staff' ? scope.roles : [];
      expect(configured?.privileged.get(scope.name)).toEqual(roles);
      expect(FIRST_PARTY_SCOPE).not.toContain(scope.name);
    }
  });
});
