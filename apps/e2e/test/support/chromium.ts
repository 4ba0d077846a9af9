import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { cleanUpAfterTests } from './cleanup.js';
import { e2eConfig } from './e2e.config.js';

const DEFAULT_CHROMIUM_PATHS = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const DISABLED_FEATURES = ['gpu', 'quic', 'background-networking', 'component-update', 'sync'];
const ARGUMENTS = [
  '--no-sandbox',
  '--no-first-run',
  ...DISABLED_FEATURES.map((name) => `--disable-${name}`),
];

/** Path of an installed Chromium. CHROMIUM_PATH overrides the usual places. */
export function findChromium(): string | undefined {
  return [e2eConfig.chromiumPath ?? '', ...DEFAULT_CHROMIUM_PATHS].find((path) => existsSync(path));
}

export async function startBrowser(executablePath: string): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args: ARGUMENTS });
  cleanUpAfterTests(() => browser.close());
  return browser;
}

/** A page and its faults: console and script errors, failed requests, violations of its content security policy. */
export async function newPage(browser: Browser): Promise<{ page: Page; faults: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1200, height: 1400 } });
  page.setDefaultTimeout(15_000);
  const faults: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text());
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('requestfailed', (request) => {
    // A page that sends its form at once ends its own loading. A blocked form is a violation and a message.
    const isReplaced =
      request.isNavigationRequest() && request.failure()?.errorText === 'net::ERR_ABORTED';
    if (!isReplaced) faults.push(`${request.url()} failed`);
  });
  await page.exposeFunction('reportBreach', (text: string) => faults.push(text));
  await page.addInitScript(`document.addEventListener('securitypolicyviolation', (breach) =>
    reportBreach(breach.violatedDirective + ' ' + breach.blockedURI));`);
  return { page, faults };
}
