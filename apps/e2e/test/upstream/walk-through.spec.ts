import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { e2eConfig } from '../support/e2e.config.js';
import { type Stack, startStack } from '../support/stack.js';
import { matchesDocument } from '../support/walk-through/output-comparison.js';
import { BashSession } from '../support/walk-through/bash-session.js';
import {
  parseSections,
  relocateStep,
  type StackLocations,
  type Step,
} from '../support/walk-through/steps.js';
import { ROOT } from '../support/workspace.js';

const sections = parseSections(readFileSync(join(ROOT, 'README.md'), 'utf8'));
let places: StackLocations;
let env: Record<string, string>;

beforeAll(async () => {
  const stack = await startStack({ SEED_DEMO: 'true' }, { hasOwnAudiences: true });
  const [AUTH_PORT, ORDERS_PORT, BILLING_PORT] = listPorts(stack);
  places = {
    ports: new Map([
      ['3000', AUTH_PORT],
      ['3001', ORDERS_PORT],
      ['3002', BILLING_PORT],
    ]),
    dataDir: stack.dataDir,
  };
  env = { ...e2eConfig.shell, DATA_DIR: stack.dataDir, AUTH_PORT, ORDERS_PORT, BILLING_PORT };
});

describe('commands of README.md', () => {
  it.each(sections)('$title', async ({ steps }) => {
    const session = await BashSession.open(env);
    for (const step of steps) await runStep(session, relocateStep(step, places));
  });
});

async function runStep(session: BashSession, { command, expected, line }: Step): Promise<void> {
  const { exit, stdout, stderr } = await session.run(command);
  if (exit !== 0) {
    throw new Error(`README.md:${line} ended with ${exit}:\n${command}\n${stdout}${stderr}`);
  }
  if (expected === undefined || matchesDocument(expected, stdout)) return;
  // They differ, and this shows where.
  expect(`README.md:${line}\n${stdout.trim()}`).toBe(`README.md:${line}\n${expected}`);
}

function listPorts({ auth, orders, billing }: Stack): [string, string, string] {
  const port = (url: string) => new URL(url).port;
  return [port(auth.url), port(orders.url), port(billing.url)];
}
