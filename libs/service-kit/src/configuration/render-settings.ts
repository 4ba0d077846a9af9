import type { SettingRow } from './describe-settings.js';

/** A Markdown table of the settings. */
export function renderConfigurationTable(rows: readonly SettingRow[]): string {
  const header = [
    '| Setting | Type | Default | Required | What it does |',
    '| --- | --- | --- | --- | --- |',
  ];
  return [...header, ...rows.map(tableRow)].join('\n');
}

/** The settings as a .env file in which everything is commented out, so that a copy of it changes nothing. */
export function renderDotEnv(rows: readonly SettingRow[]): string {
  return rows.map(dotEnvEntry).join('\n\n');
}

function tableRow(row: SettingRow): string {
  const type = row.secret && row.type !== 'secret' ? `${row.type} (secret)` : row.type;
  const cells = [
    code(row.name),
    type,
    row.default ? code(row.default) : '–',
    row.required,
    row.description,
  ];
  return `| ${cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`;
}

function dotEnvEntry({ name, type, default: value, required, description }: SettingRow): string {
  const need = required === 'no' ? '' : ` Required${required === 'yes' ? '' : ` ${required}`}.`;
  return `# ${description}${need} (${type})\n#${name}=${value ?? ''}`;
}

function code(text: string): string {
  return `\`${text}\``;
}
