import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { APPS, ROOT } from '../workspace.mjs';
import { interfaceOf } from './contracts.mjs';
import { replaceBetweenMarks } from './guards-options.mjs';

export const OBSERVABILITY_PAGE = 'docs/observability.md';
export const ALERT_RULES = 'deploy/monitoring/alerts.yml';

/** The page with its tables of metrics and of alerts. */
export async function observabilityPage() {
  const path = OBSERVABILITY_PAGE;
  const page = readFileSync(join(ROOT, path), 'utf8');
  const filled = replaceBetweenMarks(page, 'metrics', { path, table: await metricsTable() });
  // The part docker has the alerts.
  if (!existsSync(join(ROOT, ALERT_RULES))) return filled;
  return replaceBetweenMarks(filled, 'alerts', { path, table: alertsTable() });
}

async function metricsTable() {
  /** @type {Map<string, { help: string, labels: readonly string[], apps: string[] }>} */
  const rows = new Map();
  for (const app of APPS) {
    for (const { name, help, labels } of (await interfaceOf(app)).metrics) {
      const row = rows.get(name) ?? { help, labels, apps: [] };
      rows.set(name, { ...row, apps: [...row.apps, app] });
    }
  }
  const lines = [...rows].map(([name, { help, labels, apps }]) => {
    const words = labels.map((label) => `\`${label}\``).join(', ') || '–';
    return `| \`${name}\` | ${apps.length === APPS.length ? 'all' : apps.join(', ')} | ${words} | ${help} |`;
  });
  return ['| Metric | Apps | Labels | Meaning |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

function alertsTable() {
  const rules = readFileSync(join(ROOT, ALERT_RULES), 'utf8');
  const lines = rules
    .split(/^ +- alert: /m)
    .slice(1)
    .map((rule) => {
      const [name] = rule.split(/\r?\n/);
      const [, severity] = /severity: (\w+)/.exec(rule) ?? [];
      const [, summary] = /summary: (.*)/.exec(rule) ?? [];
      const [, runbook] = /runbook_url: docs\/observability\.md(#\S+)/.exec(rule) ?? [];
      if (!severity || !summary || !runbook)
        throw new Error(`${ALERT_RULES}: ${name} lacks a line`);
      return `| \`${name}\` | ${severity} | ${summary} | [what to do](${runbook}) |`;
    });
  return ['| Alert | Severity | When | |', '| --- | --- | --- | --- |', ...lines].join('\n');
}
