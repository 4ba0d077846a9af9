import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newClientSecret } from '../clients/client-secret.js';

/** What the demo knows: made at the first start, kept in `<DATA_DIR>/demo.env`, so that no secret is in the code. */
export type DemoCredentials = Readonly<Record<(typeof NAMES)[number], string>>;

const NAMES = [
  'DEMO_EMAIL',
  'DEMO_PASSWORD',
  'ORDERS_SERVICE_SECRET',
  'SHORT_LIVED_SECRET',
] as const;

/** Reads the file, or makes it. Its lines can be sourced by a shell. */
export async function demoCredentials(folder: string): Promise<DemoCredentials> {
  const file = join(folder, 'demo.env');
  const kept = await readFile(file, 'utf8').then(parse, () => new Map<string, string>());
  const credentials = {
    DEMO_EMAIL: kept.get('DEMO_EMAIL') ?? 'demo@gatehouse.example',
    DEMO_PASSWORD: kept.get('DEMO_PASSWORD') ?? newClientSecret(),
    ORDERS_SERVICE_SECRET: kept.get('ORDERS_SERVICE_SECRET') ?? newClientSecret(),
    SHORT_LIVED_SECRET: kept.get('SHORT_LIVED_SECRET') ?? newClientSecret(),
  };
  if (NAMES.some((name) => !kept.has(name))) {
    await mkdir(folder, { recursive: true });
    const lines = NAMES.map((name) => `${name}=${credentials[name]}\n`);
    await writeFile(file, lines.join(''), { mode: 0o600 });
  }
  return credentials;
}

function parse(text: string): Map<string, string> {
  const entries = text.split('\n').map((line) => line.split('='));
  return new Map(entries.map(([name = '', value = '']) => [name, value]));
}
