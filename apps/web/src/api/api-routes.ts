type Api = 'orders' | 'billing';

interface ApiRoute {
  readonly method: 'GET' | 'POST';
  /** Below `/api`. The API has the same path. */
  readonly path: RegExp;
  readonly api: Api;
}

const ID = '[A-Za-z0-9_-]{1,64}';

const route = (method: ApiRoute['method'], path: string, api: Api): ApiRoute => ({
  method,
  path: new RegExp(`^${path.replaceAll(':id', ID)}$`),
  api,
});

/** The only requests that pass to an API. */
const ROUTES: readonly ApiRoute[] = [
  route('GET', '/orders', 'orders'),
  route('POST', '/orders', 'orders'),
  route('GET', '/orders/:id', 'orders'),
  route('POST', '/orders/:id/cancel', 'orders'),
  route('GET', '/orders/:id/invoice', 'orders'),
  route('GET', '/invoices', 'billing'),
  route('GET', '/invoices/:id', 'billing'),
  route('POST', '/invoices/:id/pay', 'billing'),
  route('POST', '/invoices/:id/refund', 'billing'),
  route('GET', '/totals', 'billing'),
];

/** @param path below `/api`, without query */
export const findApi = (method: string, path: string): Api | undefined =>
  ROUTES.find((each) => each.method === method && each.path.test(path))?.api;
