import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { cleanUpAfterTests } from './cleanup.js';
import { freePort } from '@gatehouse/service-kit/testing';

interface Registration {
  readonly issuer: string;
  readonly clientId: string;
  readonly scope: string;
}
type Outcome = Readonly<Record<string, unknown>>;

const toPath = (url: string) => fileURLToPath(new URL(url));
const HTML = toPath(new URL('public-client/page.html', import.meta.url).href);
const FILES = new Map([
  ['/', HTML],
  ['/callback', HTML],
  ['/page.mjs', toPath(new URL('public-client/page.mjs', import.meta.url).href)],
  ['/oauth4webapi.mjs', toPath(import.meta.resolve('oauth4webapi'))],
]);

/** A public client: a static page at a loopback address that a user opens in a browser. */
export class PublicClient {
  private constructor(readonly url: string) {}

  static async start({ issuer, clientId, scope }: Registration): Promise<PublicClient> {
    const settings = JSON.stringify({ issuer, client_id: clientId, scope });
    const server = createServer((request, response) => {
      const [path = ''] = (request.url ?? '').split('?');
      const type = path.endsWith('.mjs') ? 'text/javascript' : 'text/html';
      void readContent(path, settings).then(
        (content) => response.writeHead(200, { 'content-type': type }).end(content),
        () => response.writeHead(404).end(),
      );
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    cleanUpAfterTests(() => server.close());
    return new PublicClient(`http://127.0.0.1:${port}`);
  }

  /** Opens the page and presses a button. */
  async press(page: Page, button: 'sign-in' | 'silent' | 'sign-out'): Promise<void> {
    await this.open(page);
    await page.locator(`#${button}`).click();
  }

  /** Presses a button and reads the result. */
  async pressAndRead(page: Page, button: 'refresh' | 'userinfo'): Promise<Outcome> {
    await this.open(page);
    await page.locator(`#${button}`).click();
    return readOutcome(page);
  }

  /** Reads the result after the browser returned from auth. */
  async readCallback(page: Page): Promise<Outcome> {
    await page.waitForURL(`${this.url}/callback?**`);
    return readOutcome(page);
  }

  private async open(page: Page): Promise<void> {
    await page.goto(this.url);
    await page.locator('[data-ready]').waitFor();
  }
}

function readContent(path: string, settings: string): Promise<string | Buffer> {
  if (path === '/client.json') return Promise.resolve(settings);
  return readFile(FILES.get(path) ?? '');
}

async function readOutcome(page: Page): Promise<Outcome> {
  const outcome = page.locator('#outcome:not(:empty)');
  await outcome.waitFor();
  return JSON.parse(await outcome.innerText());
}
