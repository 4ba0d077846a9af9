import { dropBlock, dropLines, dropSection, dropTests, replaceText } from '../edits.mjs';
import { alignTables } from '../unlink.mjs';

const E2E = 'apps/e2e/test';
const COMPOSE = 'docker-compose.yml';
const EXAMPLE = 'deploy/k8s/example';
const CLUSTER = 'tools/containers/kubernetes.mjs';
const README = 'deploy/k8s/README.md';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title:
    'A front for browsers, with its tokens on the server: apps/web. It needs orders and billing',
  paths: [
    ...['apps/web', `${E2E}/web`, 'tools/web-clients', 'tools/start/web.mjs', 'docs/web.md'],
    ...['tools/start/control.mjs', 'tools/start/control-actions.mjs', 'deploy/k8s/base/web.yaml'],
    'docs/images/shop-*.png',
  ],
  edits: [
    replaceText(
      'tools/workspace.mjs',
      / Without its folder, the rest runs without them\.\n([^]*?const WEB_PORTS = ).*/,
      '\n$1{};',
    ),
    dropLines('tools/run.mjs', /web-clients/),
    dropLines('tools/start/settings.mjs', /web(Client)?Settings/),
    dropLines('tools/start/main.mjs', /startControl|\bcontrol\b/),
    ...compose(),
    ...kubernetes(),
    dropLines('deploy/monitoring/prometheus.yml', /^ +- (shop|back-office)(-scaled)?$/),
    replaceText('deploy/proxy/Caddyfile', ', shop.localhost, back-office.localhost', ''),
    replaceText(
      'deploy/secrets/create.sh',
      /^# The private key of a client[^]*?(?=^# New files belong)/m,
      '',
    ),
    replaceText('deploy/secrets/create.sh', /^if \[ -d web \][^]*?^fi\n/m, ''),
    ...documents(),
    ...tests(),
  ],
};

function documents() {
  const app = 'docs/recipes/single-page-app.md';
  return [
    dropReadmeLines(),
    ...architecture(),
    {
      file: 'docs/guarantees.md',
      change: (/** @type {string} */ text) =>
        alignTables(
          dropLines('docs/guarantees.md', /^\|.*apps\/(web|e2e\/test\/web)\//).change(text),
        ),
    },
    replaceText(app, /\[apps\/web\]\(\.\.\/web\.md\) is one: its tokens stay/, 'Its tokens stay'),
    dropSection('docs/flows/logout.md', '## How does a client receive it?'),
    replaceText(
      'docs/flows/logout.md',
      'participant B as back office',
      'participant B as another client',
    ),
    replaceText('docs/backups.md', /^Do not back up the database of \[web\][^]*?\n\n/m, ''),
    dropLines(
      'docs/replicas.md',
      /^Only the two tools of|^- `SESSION_SECRET`|^\| sessions of web /,
    ),
    replaceText('docs/which-token.md', /^A page in a browser needs no token.*\n\n/m, ''),
  ];
}

/** The README of a project does not name the tools. @returns {import('../edits.mjs').Edit} */
function dropReadmeLines() {
  return {
    file: 'README.md',
    change: (text) =>
      text
        .replace(/^Open http:.*\n\n/m, '')
        .replace(', two verify them, and one keeps them for browsers.', ', the others verify them.')
        .replace(/^ {2}(shop|back-office) +http.*\n/gm, '')
        .replace(/^Open the first address,[^]*?(?=^`npm run demo`)/m, '')
        .replace(/^apps\/web .*\n/m, '')
        .replace(/^\[put a backend in front of a page\]\(docs\/web\.md[^)]*\), /m, ''),
  };
}

function architecture() {
  const page = 'docs/architecture.md';
  return [
    replaceText(page, /^Four apps (.*)\. One app, web, runs as two.*$/m, 'Three apps $1.'),
    dropLines(page, /\bweb\[web: |^ {2}web -->|-\.->\|logout tokens\| web$/),
    replaceText(page, /^Web is a client of auth [^]*?\n\n/m, ''),
    replaceText(page, /^`apps\/web\/client` is [^]*?\n\n(?:\|.*\n)+\n/m, ''),
    dropLines(page, /^- The client of web /),
  ];
}

function compose() {
  return [
    replaceText(COMPOSE, /^# One image for both tools.*\nx-web: &web\n(?: {2}.*\n)+\n/m, ''),
    replaceText(COMPOSE, /^ {2}shop:\n(?: {4}.*\n)+\n {2}back-office:\n(?: {4}.*\n)+\n/m, ''),
    replaceText(
      COMPOSE,
      /^ {2}shop-scaled: .*\n(?: {4}.*\n)+\n {2}back-office-scaled:\n(?: {4}.*\n)+\n/m,
      '',
    ),
    dropLines(COMPOSE, /secrets-web|web-migrate|web-clients\.json|web_clients/),
    // As Prettier writes the shorter list.
    replaceText(
      COMPOSE,
      /default:\n[^]*?aliases:[^]*?back-office[^]*?\}\n/,
      'default: { aliases: [auth.localhost, orders.localhost, billing.localhost] }\n',
    ),
    replaceText(COMPOSE, 'shop-scaled back-office-scaled', 'orders-scaled'),
    dropLines('docs/docker.md', /^\| web |^- Web's keys/),
    replaceText('docs/docker.md', 'Orders, billing and web run', 'Orders and billing run'),
    replaceText('docs/docker.md', 'shop-scaled back-office-scaled', 'orders-scaled'),
    replaceText(
      'docs/docker.md',
      /, for the shop at port 3003 and\nthe back office at port 3004\./,
      '.',
    ),
    replaceText(
      'docs/docker.md',
      /^The two tools of web depend on.*\n/m,
      '`orders-scaled` depends on the other services of the profile, so they start too.\n',
    ),
  ];
}

function kubernetes() {
  return [
    dropLines('deploy/k8s/base/kustomization.yaml', /^ {2}- web\.yaml$/),
    replaceText(`${EXAMPLE}/ingress.yaml`, /^---\n[^]*$/m, ''),
    dropLines(`${EXAMPLE}/kustomization.yaml`, /name: gatehouse-web,/),
    replaceText(`${EXAMPLE}/kustomization.yaml`, /^ {2}- name: gatehouse-shop\n[^]*$/m, ''),
    dropLines(CLUSTER, /web-clients\/main|this\.createWebClients/),
    replaceText(CLUSTER, /^ {2}\/\*\* The keys and clients that[^]*?^ {2}\}\n\n/m, ''),
    replaceText(CLUSTER, "['orders', 'web']", "['orders']"),
    replaceText(CLUSTER, 'SERVICES, WEB_TOOLS }', 'SERVICES }'),
    replaceText(README, 'orders billing web;', 'orders billing;'),
    replaceText(README, '`orders`, `billing` and `web`', '`orders` and `billing`'),
    replaceText(README, 'The pods of orders and web\n', 'The pods of orders\n'),
    replaceText(
      README,
      /, the client of orders by the command above, and\n {2}the clients of web\./,
      ', and the client of orders.',
    ),
    replaceText(README, /^6\. \*\*Secret of web[^]*?^7\. /m, '6. '),
  ];
}

function tests() {
  return [
    dropLines(`${E2E}/upstream/boundaries.slow.spec.ts`, /'apps\/web\//),
    dropLines(`${E2E}/support/e2e.config.ts`, /soakMinutes|twenty tabs of apps\/web/),
    dropBlock('tools/jest/preset.mjs', /^\/\*\* The tests of apps\/web/, /^}$/),
    replaceText(
      'tools/jest/preset.mjs',
      /LEFT_OUT = \[\n {2}(.*),\n {2}\.\.\.leftWithWeb,\n\]/,
      'LEFT_OUT = [$1]',
    ),
    dropTests(`${E2E}/flows/watch.slow.spec.ts`, 'builds the client of web'),
    replaceText(`${E2E}/flows/watch.slow.spec.ts`, 'freePorts, WEB_TOOLS }', 'freePorts }'),
    ...['flows/watch', 'samples/start'].map((name) =>
      dropLines(`${E2E}/${name}.slow.spec.ts`, /^const itWithWeb/),
    ),
    dropTests(
      `${E2E}/samples/start.slow.spec.ts`,
      'prints first the address to open',
      'registers the tools at auth',
    ),
  ];
}
