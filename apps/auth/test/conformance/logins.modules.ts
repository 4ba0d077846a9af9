import type { TestProvider } from './test-provider.js';

/** Modules of the Basic OP plan about prompt, max_age and id_token_hint. */
export function loginModules(op: () => TestProvider): void {
  it('oidcc-prompt-login', async () => {
    const user = op().createEndUser();
    const first = await (await op().createRelyingParty()).signIn(user);
    op().auth.clock.advance({ seconds: 2 });
    const second = await (await op().createRelyingParty()).signIn(user, { prompt: 'login' });
    expect(second.pages).toEqual(['login']);
    expect(second.claims.sub).toBe(first.claims.sub);
    expect(second.claims.auth_time).toBe((first.claims.auth_time ?? 0) + 2);
  });

  it('oidcc-prompt-none-not-logged-in', async () => {
    const { error } = await (
      await op().createRelyingParty()
    ).signInExpectingError(op().createEndUser(), { prompt: 'none' });
    expect(error).toBe('login_required');
  });

  it.each(['oidcc-prompt-none-logged-in', 'oidcc-id-token-hint'])('%s', async (module) => {
    const party = await op().createRelyingParty();
    const user = op().createEndUser();
    const { tokens, claims } = await party.signIn(user);
    const hint = { id_token_hint: tokens.id_token ?? '' };
    const parameters = { prompt: 'none', ...(module === 'oidcc-id-token-hint' && hint) };
    const silent = await party.signIn(user, parameters);
    expect(silent.pages).toEqual([]);
    expect(silent.claims).toMatchObject({ sub: claims.sub, auth_time: claims.auth_time });
  });

  it('oidcc-max-age-1', async () => {
    const user = op().createEndUser();
    const first = await (await op().createRelyingParty()).signIn(user);
    op().auth.clock.advance({ seconds: 2 });
    // The client checks as well that auth_time is present and recent enough.
    const second = await (await op().createRelyingParty()).signIn(user, { max_age: '1' });
    expect(second.pages).toEqual(['login']);
    expect(second.claims.sub).toBe(first.claims.sub);
    expect(second.claims.auth_time).toBe((first.claims.auth_time ?? 0) + 2);
  });

  it('oidcc-max-age-10000', async () => {
    const user = op().createEndUser();
    const first = await (await op().createRelyingParty()).signIn(user);
    op().auth.clock.advance({ seconds: 2 });
    const second = await (await op().createRelyingParty()).signIn(user, { max_age: '10000' });
    expect(second.pages).toEqual([]);
    expect(second.claims).toMatchObject({
      sub: first.claims.sub,
      auth_time: first.claims.auth_time,
    });
  });
}
