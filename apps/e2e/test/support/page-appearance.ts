import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { ROOT } from './workspace.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const OUTPUT = join(ROOT, 'apps/e2e/output');
const WIDTHS = { phone: 360, desktop: 1280 } as const;

/**
 * Takes a screenshot of a page for each device and colour scheme.
 * @returns the violations that axe finds and the sizes at which the page is wider than the window
 */
export async function checkAppearance(page: Page, name: string): Promise<string[]> {
  const findings: string[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const [device, width] of Object.entries(WIDTHS)) {
      const look = `${name}-${device}-${colorScheme}`;
      await page.setViewportSize({ width, height: 844 });
      await page.screenshot({ path: join(OUTPUT, `${look}.png`), fullPage: true });
      findings.push(...(await findAccessibilityFaults(page)).map((fault) => `${look}: ${fault}`));
    }
  }
  return findings;
}

async function findAccessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate<string[]>(`axe.run().then(({ violations }) => [
    ...violations.map(({ id, nodes }) => id + ' at ' + nodes.map(({ target }) => target).join(', ')),
    ...(document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : []),
  ])`);
}
