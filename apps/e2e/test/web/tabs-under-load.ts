import type { BrowserContext, Page } from 'playwright-core';

/** Milliseconds between two requests of a tab. */
const PAUSE_MS = 400;

interface Sent {
  readonly status: number;
  readonly ms: number;
}

/** Sends what the pages of the shop send, in turn for both APIs. */
const BROWSE = `async ([seconds, pause]) => {
  const sent = [];
  const end = performance.now() + seconds * 1000;
  const paths = ['/api/orders', '/api/invoices', '/session'];
  for (let n = 0; performance.now() < end; n += 1) {
    const since = performance.now();
    const { status } = await fetch(paths[n % paths.length], { headers: { 'x-requested-by': 'web' } })
      .then(async (answer) => (await answer.arrayBuffer(), answer), () => ({ status: 0 }));
    sent.push({ status, ms: performance.now() - since });
    await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())));
  }
  return sent;
}`;

interface LoadResult {
  readonly requests: number;
  /** Requests by status; 0 is no answer. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly p50: number;
  readonly p99: number;
  readonly seconds: number;
}

/** Opens tabs that share the cookie of the context. */
export async function openTabs(
  context: BrowserContext,
  url: string,
  count: number,
): Promise<readonly Page[]> {
  const tabs: Page[] = [];
  for (let n = 0; n < count; n += 1) {
    const tab = await context.newPage();
    tab.setDefaultTimeout(60_000);
    await tab.goto(url);
    tabs.push(tab);
  }
  return tabs;
}

/** Every tab sends requests one after the other, all tabs at the same time. */
export async function browseInTabs(tabs: readonly Page[], seconds: number): Promise<LoadResult> {
  const since = performance.now();
  const run = (tab: Page) => tab.evaluate<Sent[]>(`(${BROWSE})([${seconds}, ${PAUSE_MS}])`);
  const sent = (await Promise.all(tabs.map(run))).flat();
  const statuses: Record<string, number> = {};
  for (const { status } of sent) statuses[status] = (statuses[status] ?? 0) + 1;
  const times = sent.map(({ ms }) => ms).sort((one, other) => one - other);
  const quantile = (share: number) => Math.round(times[Math.floor(times.length * share)] ?? 0);
  return {
    requests: sent.length,
    statuses,
    p50: quantile(0.5),
    p99: quantile(0.99),
    seconds: (performance.now() - since) / 1000,
  };
}
