import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './workspace.js';

export interface DocumentedSetting {
  readonly name: string;
  readonly isSecret: boolean;
  readonly isRequiredInProduction: boolean;
}

/** docs/configuration.md is generated from the schemas of the apps, so it lists every setting. */
export async function readDocumentedSettings(app: string): Promise<readonly DocumentedSetting[]> {
  const text = await readFile(join(ROOT, 'docs', 'configuration.md'), 'utf8');
  const [, section = ''] = text.split(`## ${app}\n`);
  const [own = ''] = section.split('\n## ');
  return own.split('\n').flatMap((row) => {
    const [, name, values = '', , required = ''] = row.split(/(?<!\\)\|/);
    const setting = /^ `([A-Z_0-9]+)` +$/.exec(name ?? '')?.[1];
    if (setting === undefined) return [];
    const isSecret = /secret/.test(values);
    return [{ name: setting, isSecret, isRequiredInProduction: /in production/.test(required) }];
  });
}
