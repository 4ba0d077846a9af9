import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageFrom, start, stop } from '../machine/processes.mjs';
import { startGatehouse } from './gatehouse.mjs';
import { LOGINS } from './plan.mjs';

/** In this order they take their turns: what is compared is measured next to each other. */
const lineUp = [
  { software: 'gatehouse', store: 'sqlite' },
  { software: 'oidc-provider', store: 'sqlite' },
  { software: 'limit', store: 'sqlite' },
  { software: 'gatehouse', store: 'postgres' },
  { software: 'oidc-provider', store: 'postgres' },
  { software: 'limit', store: 'postgres' },
];

const SCRIPTS = {
  'oidc-provider': fileURLToPath(new URL('./oidc-provider/server.mjs', import.meta.url)),
  limit: fileURLToPath(new URL('./limit/server.mjs', import.meta.url)),
};

/** The servers whose software is named in `only` (comma-separated), or all. */
export function chosenServers(only) {
  const words = only?.split(',');
  const chosen = lineUp.filter(({ software }) => !words || words.includes(software));
  if (chosen.length === 0) throw new Error(`--servers knows gatehouse, oidc-provider and limit`);
  return chosen;
}

/**
 * Starts one server on a database of its own; it stops when the stage is undone.
 * @param {{ software: string, store: string }} server
 * @param {{ dir: string, pins?: { server: number }, postgres: { url(name: string): Promise<string> }, undo: Function[] }} stage
 */
export async function startServer({ software, store }, { dir, pins, postgres, undo }) {
  process.stdout.write(`starting ${software} on ${store} …\n`);
  const name = `${software}-${store}`;
  const databaseUrl = store === 'postgres' ? await postgres.url(name) : undefined;
  const place = { name, databaseUrl, dir, cpu: pins?.server };
  const started =
    software === 'gatehouse' ? await startGatehouse(place) : await startOurs(software, place);
  undo.push(() => stop(started.child));
  return { software, store, name, ...started };
}

async function startOurs(software, { name, databaseUrl, dir, cpu }) {
  const child = start({
    script: SCRIPTS[software],
    args: databaseUrl
      ? ['postgres', databaseUrl, String(LOGINS)]
      : ['sqlite', join(dir, `${name}.db`), String(LOGINS)],
    env: { NODE_ENV: 'production' },
    cpu,
    log: join(dir, `${name}.log`),
  });
  return { child, ...(await messageFrom(child)) };
}
