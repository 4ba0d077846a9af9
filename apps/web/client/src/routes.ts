/** The two tools that this client is built for. The server says which one it serves. */
export type Tool = 'shop' | 'back-office';

/** What the address in the browser shows. */
export type Route =
  | { readonly page: 'products' | 'basket' | 'orders' | 'all-orders' | 'totals' }
  | { readonly page: 'signed-out' | 'not-found' }
  | { readonly page: 'order'; readonly id: string };

const ORDER_PATH = /^\/orders\/(ord_[\w-]{22})$/;

const PAGES: Readonly<Record<Tool, Readonly<Record<string, Route>>>> = {
  shop: {
    '/': { page: 'products' },
    '/basket': { page: 'basket' },
    '/orders': { page: 'orders' },
    '/signed-out': { page: 'signed-out' },
  },
  'back-office': {
    '/': { page: 'all-orders' },
    '/totals': { page: 'totals' },
    '/signed-out': { page: 'signed-out' },
  },
};

/** @param path without a query; a slash at its end makes no difference */
export function findRoute(tool: Tool, path: string): Route {
  const plain = path.length > 1 ? path.replace(/\/$/, '') : path;
  const [, id] = ORDER_PATH.exec(plain) ?? [];
  if (id !== undefined) return { page: 'order', id };
  const pages = PAGES[tool];
  return (Object.hasOwn(pages, plain) && pages[plain]) || { page: 'not-found' };
}

/** The pages that a visitor sees without an account. */
export const isPublic = ({ page }: Route): boolean =>
  ['products', 'basket', 'signed-out', 'not-found'].includes(page);

/** @param address path with its query, such as the page to come back to */
export function buildSignInUrl(address: string, maxAge?: number): string {
  const query = new URLSearchParams({ return_to: address });
  if (maxAge !== undefined) query.set('max_age', String(maxAge));
  return `/sign-in?${query.toString()}`;
}
