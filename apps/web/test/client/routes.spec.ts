import { buildSignInUrl, findRoute, type Tool } from '../../client/src/routes.js';
import { selectLanguage } from '../../client/src/texts/language.js';

describe('addresses of the tools', () => {
  const id = 'ord_AAAAAAAAAAAAAAAAAAAAAA';

  it.each<[Tool, string, object]>([
    ['shop', '/', { page: 'products' }],
    ['shop', '/basket', { page: 'basket' }],
    ['shop', '/basket/', { page: 'basket' }],
    ['shop', '/orders', { page: 'orders' }],
    ['shop', '/totals', { page: 'not-found' }],
    ['back-office', '/', { page: 'all-orders' }],
    ['back-office', '/totals', { page: 'totals' }],
    ['back-office', '/basket', { page: 'not-found' }],
    ['back-office', `/orders/${id}`, { page: 'order', id }],
    ['shop', `/orders/${id}x`, { page: 'not-found' }],
    ['shop', '/constructor', { page: 'not-found' }],
  ])('a visitor of the %s at %s sees %j', (tool, path, route) => {
    expect(findRoute(tool, path)).toEqual(route);
  });

  it('the sign-in brings the user back to the page with its query', () => {
    expect(buildSignInUrl('/?state=cancelled')).toBe('/sign-in?return_to=%2F%3Fstate%3Dcancelled');
    expect(buildSignInUrl('/', 300)).toBe('/sign-in?return_to=%2F&max_age=300');
  });
});

describe('the language of the pages', () => {
  it.each([
    [['de-AT', 'en'], 'de', 'de-AT'],
    [['fr', 'en-GB', 'de'], 'en', 'en-GB'],
    [['fr'], 'en', 'en'],
    [['constructor'], 'en', 'en'],
    [[], 'en', 'en'],
  ])('a browser that prefers %j shows %s with the formats of %s', (preferred, language, locale) => {
    const selected = selectLanguage(preferred);

    expect([selected.texts.language, selected.locale]).toEqual([language, locale]);
  });
});
