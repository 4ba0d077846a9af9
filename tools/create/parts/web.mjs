import { dropLines, dropTests, replaceText } from '../edits.mjs';

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
    ...tests(),
  ],
};

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
    replaceText(README, /^6\. \*\*Secret of web[^]*?^7\. /m, '6. '),
  ];
}

function tests() {
  return [
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
