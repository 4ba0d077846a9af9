import fc from 'fast-check';
import { toReturnPath } from '../../src/sign-in/return-path.js';

const ORIGIN = 'https://shop.example';

describe('the path to which a sign-in returns', () => {
  it.each([
    '/',
    '/orders',
    '/orders/ord_1?tab=invoice#pay',
    '/a%2Fb',
    '/orders?next=//evil.example',
  ])('keeps the path %j of this origin', (path) => {
    expect(toReturnPath(path, ORIGIN)).toBe(path);
  });

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    ' /orders',
    'javascript:alert(1)',
    'data:text/html,x',
    'orders',
    '',
    '/.//evil.example',
    '/orders/..//evil.example',
    '/%2e//evil.example',
    '/orders/%2E%2e//evil.example/x',
    '/./callback?code=x',
    '/orders/../api/orders',
    `/${'ü'.repeat(100)}`,
    '/sign-in?return_to=/',
    '/callback?code=x',
    '/api/orders',
    '/session',
    `/${'a'.repeat(600)}`,
    undefined,
    ['/a', '/b'],
    { toString: () => '/a' },
  ])('replaces %j by the start page (CWE-601)', (text) => {
    expect(toReturnPath(text, ORIGIN)).toBe('/');
  });

  it('never leaves the origin, for any text', () => {
    const segments = ['/', '.', '..', '%2e', '\\', '\t', ':', '@', '?', '#', 'evil.example'];
    const hostile = fc
      .array(fc.constantFrom(...segments), { maxLength: 8 })
      .map((parts) => `/${parts.join('')}`);
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string(), fc.webUrl()), (text) => {
        const path = toReturnPath(text, ORIGIN);
        expect(new URL(path, ORIGIN).origin).toBe(ORIGIN);
        expect(path).toMatch(/^\/(?!\/)/);
      }),
    );
  });
});
