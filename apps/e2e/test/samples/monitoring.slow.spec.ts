import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '@gatehouse/service-kit/testing';
import { parse } from 'yaml';
import { z } from 'zod';
import { AppProcess } from '../support/app-process.js';
import { registerAndLogIn, RESOURCES } from '../support/auth-api.js';
import { send } from '../support/http.js';
import {
  listAlternatives,
  listGroupingLabels,
  listSelectors,
} from '../support/prometheus-expression.js';
import { ROOT } from '../support/workspace.js';

const FOLDER = join(ROOT, 'deploy', 'monitoring');
const read = (file: string) => readFile(join(FOLDER, file), 'utf8');
const run = promisify(execFile);
const hasPromtool = await run('promtool', ['--version']).then(
  () => true,
  () => false,
);
if (!hasPromtool) {
  console.warn('SKIPPED: promtool is not installed, so the alert rules were not run');
}

const rulesFile = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
          annotations: z.strictObject({ summary: z.string(), runbook_url: z.string() }),
        }),
      ),
    }),
  ),
});
const dashboardFile = z.object({
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).optional() }),
  ),
});
const testsFile = z.object({
  tests: z.array(
    z.object({
      promql_expr_test: z.array(
        z.object({ expr: z.string(), exp_samples: z.array(z.unknown()).optional() }),
      ),
    }),
  ),
});

type Labels = Readonly<Record<string, string>>;
type Series = ReadonlyMap<string, readonly Labels[]>;

/** Prometheus adds these metrics and labels. */
const OWN_SERIES: [string, Labels[]][] = [
  ['up', [{}]],
  ['ALERTS', [{ alertstate: 'firing', alertname: '' }]],
];
const OWN_LABELS = { job: '', instance: '' };
/** Labels whose values depend on the requests. Their values are checked against this pattern. */
const OPEN_LABELS: Readonly<Record<string, RegExp>> = { status: /^[1-5](?:\d\d|\.\.)$/ };

function parseScrape(text: string): [string, Labels][] {
  const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name);
  const lines = [...text.matchAll(/^([a-z_]\w*)(?:\{(.*)\})? \S+$/gim)];
  const series = lines.map(([, name = '', labels = '']): [string, Labels] => [
    name,
    Object.fromEntries(
      [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => [label, value]),
    ),
  ]);
  return [...names.map((name): [string, Labels] => [name, {}]), ...series];
}

describe('the dashboard and the alert rules', () => {
  let series: Series;

  /** Requests after which each reason of a refusal that an alert names has occurred. */
  async function sendForgedTokens(auth: string, orders: string) {
    const { accessToken } = await registerAndLogIn(auth, { resource: RESOURCES.orders });
    const [header = '', payload = '', signature = ''] = accessToken.split('.');
    const unsigned = Buffer.from('{"alg":"none","typ":"at+jwt","kid":"x"}').toString('base64url');
    const altered = (signature.startsWith('A') ? 'B' : 'A') + signature.slice(1);
    const statuses = [];
    for (const token of [
      accessToken,
      [header, payload, altered].join('.'),
      [unsigned, payload, signature].join('.'),
    ]) {
      const headers = { authorization: `Bearer ${token}` };
      statuses.push((await send(`${orders}/orders`, { headers })).status);
    }
    expect(statuses).toEqual([200, 401, 401]);
  }

  beforeAll(async () => {
    const ports = [String(await freePort()), String(await freePort()), String(await freePort())];
    const PORT = String(await freePort());
    const issuer = `http://localhost:${PORT}`;
    const start = async (name: 'auth' | 'orders' | 'billing', at: number, settings = {}) => {
      const METRICS_PORT = ports[at] ?? '';
      const all = { METRICS_PORT, ISSUER: issuer, AUTH_ISSUER: issuer, ...settings };
      return (await AppProcess.create(name, all)).start();
    };
    const [auth, orders] = await Promise.all([
      start('auth', 0, { PORT }),
      start('orders', 1),
      start('billing', 2),
    ]);
    await sendForgedTokens(auth.url, orders.url);
    const texts = await Promise.all(
      ports.map(async (port) => (await send(`http://localhost:${port}/metrics`)).text),
    );
    const found = new Map<string, Labels[]>(OWN_SERIES);
    for (const [name, labels] of texts.flatMap(parseScrape))
      found.set(name, [...(found.get(name) ?? []), labels]);
    series = found;
  });

  /** Why an expression can never have a result from these apps. */
  function findFaults(expression: string): readonly string[] {
    const selected = listSelectors(expression).map(({ name, matchers }) => {
      const names = [...series.keys()].filter((each) => new RegExp(`^(?:${name})$`).test(each));
      const labels = names.flatMap((each) => series.get(each) ?? []);
      const faults = matchers
        .filter(({ label, value }) => !(label in OWN_LABELS) && !value.startsWith('$'))
        .flatMap((matcher) =>
          listAlternatives(matcher)
            .filter((value) => !(OPEN_LABELS[matcher.label]?.test(value) ?? false))
            .filter((value) => !labels.some((each) => each[matcher.label] === value))
            .map((value) => `${name} has no ${matcher.label}="${value}"`),
        );
      return { labels, faults: names.length === 0 ? [`no app exposes ${name}`] : faults };
    });
    const known = new Set(
      [OWN_LABELS, ...selected.flatMap(({ labels }) => labels)].flatMap(Object.keys),
    );
    const unknown = listGroupingLabels(expression).filter((label) => !known.has(label));
    return [
      ...selected.flatMap(({ faults }) => faults),
      ...unknown.map((label) => `no metric of the expression has the label ${label}`),
    ];
  }

  it('read only metrics, labels and values that the running apps expose', async () => {
    const dashboard = dashboardFile.parse(JSON.parse(await read('grafana/dashboard.json')));
    const panels = dashboard.panels.flatMap(({ targets = [] }) => targets);
    const rules = rulesFile.parse(parse(await read('alerts.yml'))).groups.flatMap((g) => g.rules);
    const expressions = [...panels, ...rules].map(({ expr }) => expr);
    expect(expressions.length).toBeGreaterThan(40);
    for (const expression of expressions) {
      expect(listSelectors(expression).length).toBeGreaterThan(0);
      expect({ expression, faults: findFaults(expression) }).toEqual({ expression, faults: [] });
    }
  });

  it.each([
    ['guards_refusals_total{reason="signature"}', 'has no reason="signature"'],
    ['sum(rate(refreshes_total[5m])) > 0', 'no app exposes refreshes_total'],
    ['sum by (reason) (access_tokens_issued_total)', 'has the label reason'],
    ['up unless on (pod) signing_key_age_seconds{state="active"}', 'has the label pod'],
  ])('would be refused with the expression %s', (expression, fault) => {
    expect(findFaults(expression).join()).toContain(fault);
  });
});

describe('the alert rules', () => {
  it('each have a case in alerts.test.yml in which they fire', async () => {
    const { groups } = rulesFile.parse(parse(await read('alerts.yml')));
    const { tests } = testsFile.parse(parse(await read('alerts.test.yml')));
    const firing = tests
      .flatMap((each) => each.promql_expr_test)
      .filter(({ exp_samples }) => exp_samples)
      .map(({ expr }) => /alertname="(\w+)"/.exec(expr)?.[1]);
    const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    expect([...new Set(firing)].sort()).toEqual(alerts.sort());
  });

  (hasPromtool ? it : it.skip)('pass their cases in promtool', async () => {
    await run('promtool', ['check', 'config', 'prometheus.yml'], { cwd: FOLDER });
    const { stdout } = await run('promtool', ['test', 'rules', 'alerts.test.yml'], { cwd: FOLDER });
    expect(stdout).toContain('SUCCESS');
  });
});
