import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../support/workspace.js';

interface Locked {
  readonly link?: boolean;
  readonly optional?: boolean;
}

describe('npm ci in the root', () => {
  it('installs at most 700 packages on any system, without binaries for one system', async () => {
    const text = await readFile(join(ROOT, 'package-lock.json'), 'utf8');
    const { packages } = JSON.parse(text) as { packages: Record<string, Locked> };
    const installed = Object.entries(packages).filter(
      ([path, { link, optional }]) => path.includes('node_modules/') && !link && !optional,
    );
    expect(installed.length).toBeGreaterThan(400);
    expect(installed.length).toBeLessThanOrEqual(700);
  });
});
