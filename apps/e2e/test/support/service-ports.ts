import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@gatehouse/service-kit/testing';
import { ROOT } from './workspace.js';

const folders = readdirSync(join(ROOT, 'apps')).filter((name) => name !== 'e2e');

/** The apps with an API, in the order of their names. */
export const APIS = folders.filter((name) => name !== 'web');
/** The tools of the app web, which runs twice. None without its folder. */
export const WEB_TOOLS = folders.includes('web') ? ['shop', 'back-office'] : [];
export const SERVICES = [...APIS, ...WEB_TOOLS];

/** The folder in `apps` of a service. */
export const appOf = (service: string): string => (APIS.includes(service) ? service : 'web');

export const portVariable = (service: string): string =>
  `${service.toUpperCase().replaceAll('-', '_')}_PORT`;

/** A free port for each service, as `npm start` reads it. */
export async function freePorts(): Promise<Record<string, string>> {
  const ports: Record<string, string> = {};
  for (const name of SERVICES) ports[portVariable(name)] = String(await freePort());
  return ports;
}
