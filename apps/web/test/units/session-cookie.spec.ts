import { SessionCookie } from '../../src/sessions/session-cookie.js';
import { webConfig } from '../../src/web.config.js';

const cookieAt = (PUBLIC_URL: string) => new SessionCookie(webConfig({ PUBLIC_URL }));
const SECRET = 'a'.repeat(43);

describe('the cookie of a session (RFC 10017 §6.1.3.2)', () => {
  it('carries the prefix __Host- and all protections over https', () => {
    expect(cookieAt('https://shop.example').write(SECRET)).toBe(
      `__Host-session=${SECRET}; Path=/; HttpOnly; Secure; SameSite=Strict`,
    );
  });

  it('carries the port in its name at a loopback address, because cookies ignore ports', () => {
    expect(cookieAt('http://localhost:3003').write(SECRET)).toBe(
      `session-3003=${SECRET}; Path=/; HttpOnly; SameSite=Strict`,
    );
  });

  it('matches by its exact name only, among other cookies', () => {
    const cookie = cookieAt('https://shop.example');
    expect(cookie.read(`a=b; __Host-session=${SECRET}; c=d`)?.secret).toBe(SECRET);
    expect(cookie.read(`session=${SECRET}; __host-session=${SECRET}`)).toBeUndefined();
    expect(cookie.read(undefined)).toBeUndefined();
  });

  it('identifies the row by a hash, which does not give the secret', () => {
    const key = cookieAt('https://shop.example').read(`__Host-session=${SECRET}`);
    expect(key?.id).toMatch(/^[\w-]{43}$/);
    expect(key?.id).not.toBe(SECRET);
  });

  it('expires with the same attributes after a sign-out', () => {
    expect(cookieAt('https://shop.example').clear()).toBe(
      '__Host-session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
    );
  });
});
