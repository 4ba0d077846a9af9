import { z } from 'zod';
import {
  commonSettings,
  describeSettings,
  durationSeconds,
  list,
  loadConfig,
  renderConfigurationTable,
  renderDotEnv,
  secretSetting,
} from '../../src/index.js';

const schema = z.object({
  ...commonSettings({ port: 3001 }),
  SERVER_SECRET: secretSetting()
    .optional()
    .describe('What everything is derived from.')
    .meta({ requiredInProduction: true }),
  TTL: durationSeconds({ min: 60, max: 3600, default: 300 }).describe('A lifetime.'),
  SCOPES: list(z.string()).prefault('a b').describe('Either a | or b.'),
  REALM: z.string().describe('A name.'),
});

describe('describeSettings', () => {
  const rows = new Map(describeSettings(schema).map((row) => [row.name, row]));

  it('derives type, range, default, requirement and description from the schema', () => {
    expect(rows.get('PORT')).toEqual({
      name: 'PORT',
      type: 'whole number, 0 to 65535',
      default: '3001',
      required: 'no',
      isSecret: false,
      description: expect.stringContaining('TCP port'),
    });
    expect(rows.get('LOG_LEVEL')).toMatchObject({
      type: expect.stringContaining('info | debug'),
      default: 'info',
    });
    expect(rows.get('TTL')).toMatchObject({ type: 'seconds, 60 to 3600', default: '300' });
    expect(rows.get('SCOPES')).toMatchObject({ type: 'list, separated by commas', default: 'a b' });
    expect(rows.get('REALM')).toMatchObject({
      type: 'string',
      default: undefined,
      required: 'yes',
    });
  });

  it('marks secrets and the settings that production requires', () => {
    expect(rows.get('SERVER_SECRET')).toMatchObject({
      isSecret: true,
      required: 'in production',
      type: 'secret',
    });
    expect(rows.get('DATABASE_URL')).toMatchObject({
      isSecret: true,
      required: 'no',
      type: 'postgres URL',
    });
  });

  it('describes every common setting', () => {
    for (const { name, description } of rows.values())
      expect([name, description]).toEqual([name, expect.stringMatching(/\.$/)]);
  });
});

describe('the generated documents', () => {
  const rows = describeSettings(schema);

  it('the table has a row for each setting, with pipes escaped', () => {
    const table = renderConfigurationTable(rows).split('\n');
    expect(table).toHaveLength(rows.length + 2);
    expect(table.at(-2)).toBe(
      '| `SCOPES` | list, separated by commas | `a b` | no | Either a \\| or b. |',
    );
    for (const row of table) expect(row.match(/(?<!\\)\|/g)).toHaveLength(6);
  });

  it('the .env file changes no setting until a line is uncommented', () => {
    const lines = renderDotEnv(rows).split('\n');
    expect(lines.every((line) => line === '' || line.startsWith('#'))).toBe(true);

    const assignments = lines
      .filter((line) => /^#[A-Z_]+=./.test(line))
      .map((line) => line.slice(1).split('='));
    const config = loadConfig(schema, { ...Object.fromEntries(assignments), REALM: 'x' });
    expect(config).toEqual(loadConfig(schema, { REALM: 'x' }));
  });
});
