import { z } from 'zod';
import { readSettingMeta, type SettingMeta } from './setting-meta.js';

/** A setting as the documents show it. */
export interface SettingRow {
  readonly name: string;
  readonly type: string;
  /** The default as text for the environment; undefined when there is none. */
  readonly default: string | undefined;
  readonly required: 'yes' | 'in production' | 'no';
  readonly isSecret: boolean;
  readonly description: string;
}

/** The rows of docs/configuration.md and .env.example, in the schema's order. */
export function describeSettings(schema: z.ZodObject): SettingRow[] {
  return Object.entries(schema.shape).map(([name, setting]) => {
    const meta = readSettingMeta(setting);
    return {
      name,
      type: describeType(meta),
      default: describeDefault(meta),
      required: describeRequirement(setting, meta),
      isSecret: meta.secret,
      description: meta.description,
    };
  });
}

function describeType({ type, format, enum: choices, minimum, maximum }: SettingMeta): string {
  if (choices) return choices.join(' | ');
  const range = minimum === undefined || maximum === undefined ? '' : `, ${minimum} to ${maximum}`;
  return `${format ?? (type === 'integer' ? 'whole number' : type)}${range}`;
}

function describeDefault({ default: value, secret }: SettingMeta): string | undefined {
  if (value === undefined || secret) return undefined;
  if (Array.isArray(value)) return value.join(',');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function describeRequirement(setting: z.core.$ZodType, meta: SettingMeta): SettingRow['required'] {
  if (meta.requiredInProduction) return 'in production';
  return z.safeParse(setting, undefined).success ? 'no' : 'yes';
}

/** A Markdown table of the settings. */
export function renderConfigurationTable(rows: readonly SettingRow[]): string {
  const header = [
    '| Setting | Type | Default | Required | What it does |',
    '| --- | --- | --- | --- | --- |',
  ];
  return [...header, ...rows.map(renderTableRow)].join('\n');
}

/** The settings as a .env file in which all lines are comments, so that a copy of it changes nothing. */
export function renderDotEnv(rows: readonly SettingRow[]): string {
  return rows.map(renderDotEnvEntry).join('\n\n');
}

function renderTableRow(row: SettingRow): string {
  const type = row.isSecret && row.type !== 'secret' ? `${row.type} (secret)` : row.type;
  const cells = [
    formatCode(row.name),
    type,
    row.default ? formatCode(row.default) : '–',
    row.required,
    row.description,
  ];
  return `| ${cells.map((cell) => cell.replace(/\|/g, '\\|')).join(' | ')} |`;
}

function renderDotEnvEntry({
  name,
  type,
  default: value,
  required,
  description,
}: SettingRow): string {
  const need = required === 'no' ? '' : ` Required${required === 'yes' ? '' : ` ${required}`}.`;
  return `# ${description}${need} (${type})\n#${name}=${value ?? ''}`;
}

function formatCode(text: string): string {
  return `\`${text}\``;
}
