import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageFrom, start } from '../../machine/processes.mjs';

/** In this order they take their turns: what is compared is measured next to each other. */
export const SERVERS = [
  { platform: 'express', guard: 'none' },
  { platform: 'express', guard: 'gatehouse' },
  { platform: 'express', guard: 'stock' },
  { platform: 'express', guard: 'express-oauth2-jwt-bearer' },
  { platform: 'fastify', guard: 'none' },
  { platform: 'fastify', guard: 'gatehouse' },
  { platform: 'fastify', guard: 'stock' },
];

const SCRIPT = fileURLToPath(new URL('./server.mjs', import.meta.url));

/** @param {{ dir: string, cpu?: number, issuer: import('../issuer.mjs').Issuer }} place */
export async function startServer({ platform, guard }, { dir, cpu, issuer }) {
  const child = start({
    script: SCRIPT,
    args: [platform, guard, JSON.stringify(issuer.settings)],
    env: { NODE_ENV: 'production' },
    cpu,
    log: join(dir, `${platform}-${guard}-${issuer.algorithm}.log`),
  });
  return { platform, guard, child, ...(await messageFrom(child)) };
}
