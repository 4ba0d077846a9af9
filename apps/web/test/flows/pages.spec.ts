import { useRunningWeb } from '../support/running-web.js';

const web = useRunningWeb();
const PAGE = { accept: 'text/html,application/xhtml+xml' };

describe('the client', () => {
  it.each(['/', '/orders', '/orders/ord_1', '/index.html', '/?sign_in=denied'])(
    'has its page at %s, which is not stored and runs no inline script',
    async (path) => {
      const { headers, text } = await web.request().get(path).set(PAGE).expect(200);
      expect(text).toContain('<title>Shop</title>');
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-type': 'text/html; charset=utf-8',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'cross-origin-opener-policy': 'same-origin',
      });
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'; script-src 'self';");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
    },
  );

  it('lets browsers keep files whose name has a hash, and asks them to check the others', async () => {
    const script = await web.request().get('/assets/main-1a2b.js').expect(200);
    expect(script.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'text/javascript; charset=utf-8',
    });
    const icon = await web.request().get('/icon.svg').expect(200);
    expect(icon.headers['cache-control']).toBe('no-cache');
  });

  it.each([
    ['a file that it has not', '/assets/other.js', PAGE],
    ['a path that asks for data', '/orders', { accept: 'application/json' }],
    ['a path outside of its folder', '/../secret.txt', {}],
    ['an encoded path outside of its folder', '/%2e%2e/secret.txt', {}],
  ])('answers 404 for %s', async (_what, path, headers) => {
    const { text } = await web.request().get(path).set(headers).expect(404);
    expect(text).not.toContain('outside');
  });
});
