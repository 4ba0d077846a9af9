import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, waitUntil } from '@gatehouse/service-kit/testing';
import { createTemporaryFolder } from './cleanup.js';
import { RunningCommand } from './running-command.js';

const PATHS = {
  nginx: ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx'],
  caddy: ['/usr/bin/caddy', '/usr/local/bin/caddy', '/opt/homebrew/bin/caddy'],
} as const;

export type ProxyName = keyof typeof PATHS;

/** Path of an installed proxy. */
export const findProxy = (name: ProxyName): string | undefined =>
  PATHS[name].find((path) => existsSync(path));

/**
 * Starts nginx with the directives of one server block, and otherwise the defaults of its packages.
 *
 * @returns its address
 */
export async function startNginx(file: string, server: string): Promise<string> {
  const folder = await createTemporaryFolder();
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join(' ');
  const config = `daemon off; pid ${folder}/nginx.pid; error_log stderr; events {}
    http { access_log off; ${temporary} server { listen 127.0.0.1:${port}; ${server} } }`;
  await writeFile(join(folder, 'nginx.conf'), config);
  return start(file, ['-p', folder, '-c', join(folder, 'nginx.conf')], port);
}

/**
 * Starts Caddy with the directives of one site, without TLS.
 *
 * @returns its address
 */
export async function startCaddy(file: string, site: string): Promise<string> {
  const folder = await createTemporaryFolder();
  const port = await freePort();
  await writeFile(
    join(folder, 'Caddyfile'),
    `{\n\tadmin off\n}\nhttp://localhost:${port} {\n${site}\n}\n`,
  );
  return start(file, ['run', '--config', join(folder, 'Caddyfile')], port);
}

async function start(file: string, parameters: string[], port: number): Promise<string> {
  const home = await createTemporaryFolder();
  const proxy = RunningCommand.start({ file, arguments: parameters, env: { HOME: home } });
  const url = `http://localhost:${port}`;
  await waitUntil(async () => {
    if (proxy.isOver) throw new Error(`${file} ended:\n${proxy.output}`);
    return (await fetch(url).catch(() => undefined)) !== undefined;
  });
  return url;
}
