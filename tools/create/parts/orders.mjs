import { dropBlock, dropJson, dropLines, replaceText } from '../edits.mjs';
import { serviceEdits } from '../service-edits.mjs';

const SUPPORT = [
  ...['buyer', 'page-appearance', 'partner-backend', 'process-metrics'],
  ...['prometheus-expression', 'public-client', 'reverse-proxy', 'stack'],
].map((name) => `apps/e2e/test/support/${name}.ts`);

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'The sample service orders',
  paths: [
    ...['apps/orders', 'apps/e2e/src', 'apps/e2e/test/samples', ...SUPPORT],
    ...['apps/e2e/test/support/public-client', 'apps/e2e/test/support/replicas'],
    ...['apps/auth/test/flows/demo-orders.spec.ts', 'deploy/k8s/base/orders.yaml'],
    ...['docs/flows/order-to-invoice.md', 'docs/recipes/partner-api.md', 'tools/start/orders.mjs'],
    ...['docs/recipes/single-page-app', 'docs/recipes/single-page-app.md', 'gatehouse.http'],
  ],
  edits: [
    ...serviceEdits('orders', 3001),
    dropBlock(
      'apps/auth/src/ops/demo/demo-seed.service.ts',
      /^\/\*\* Orders calls billing: as itself/,
      /^\}$/,
    ),
    dropLines(
      'apps/auth/src/ops/demo/demo-seed.service.ts',
      /buildOrdersServiceClient|TOKEN_EXCHANGE/,
    ),
    dropLines('apps/auth/test/flows/demo.spec.ts', /'orders-service'/),
    // The part docker drops this paragraph, too.
    {
      file: 'docs/observability.md',
      change: (text) => text.replace(/^\[monitoring\.slow\.spec\.ts\][^]*?\n\n/m, ''),
    },
    dropLines('tools/start/announcement.mjs', /ORDERS_SERVICE_SECRET/),
    dropLines('tools/start/settings.mjs', /ordersSettings/),
    dropLines('docs/docker.md', /^\| orders /),
    replaceText('docs/docker.md', 'orders-scaled', 'auth-scaled'),
    replaceText(
      'docs/docker.md',
      'Orders and billing run in production',
      'Billing runs in production',
    ),
    dropJson(
      'apps/e2e/package.json',
      ...['axe-core', 'openapi-fetch'].map((name) => ['devDependencies', name]),
    ),
  ],
  needs: ['demo', 'web'],
};
