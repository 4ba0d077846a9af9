import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from '../terminal/command.mjs';
import { APPS, builtFile, dataFolder, DEFAULT_PORTS, HAS_AUTH } from '../workspace.mjs';
import { ordersSettings } from './orders.mjs';

/** @typedef {import('../workspace.mjs').Environment} Environment */
/** @typedef {Record<string, number>} Ports the port of each app */

/**
 * A selection of apps with the settings that make auth seed its data, the file to which auth writes the credentials, and one of
 * the clients.
 *
 * @typedef {{ name: string, apps: string[], settings: Environment, credentials: string, client: string }} Profile
 * @type {Record<string, Omit<Profile, 'name'>>}
 */
const PROFILES = {
  demo: {
    apps: APPS,
    settings: { SEED_DEMO: 'true' },
    credentials: 'demo.env',
    client: 'demo-website',
  },
  conformance: {
    apps: ['auth'],
    settings: { SEED_CONFORMANCE: 'true' },
    credentials: 'conformance.env',
    client: 'conformance-one',
  },
};

/**
 * @param {string} name
 * @param {Environment} env
 * @returns {Profile}
 * @throws {Failure} for an unknown name
 */
export function profileOf(name, env) {
  if (!Object.hasOwn(PROFILES, name)) {
    const names = Object.keys(PROFILES).join(', ');
    throw new Failure(`There is no profile "${name}". There are: ${names}.`);
  }
  const { credentials, ...profile } = PROFILES[name];
  return { ...profile, name, credentials: join(dataFolder(env), credentials) };
}

/**
 * @param {Environment} env
 * @throws {Failure} for a production environment, because this command seeds accounts and creates secrets
 */
export function refuseProduction(env) {
  if (env.NODE_ENV !== 'production') return;
  throw new Failure(
    'NODE_ENV is production, and npm start runs the development stack. ' +
      'Run the apps with Docker or your own supervisor: README, "To production".',
  );
}

/**
 * The environment of one app: that of the caller, with defaults for a stack on one machine. Issuer and audiences follow the ports,
 * because the documentation pages and metadata documents name these addresses.
 *
 * @param {string} app
 * @param {{ ports: Ports, env: Environment, profile: Profile }} stack
 * @returns {Promise<Environment>}
 */
export async function environmentOf(app, { ports, env, profile }) {
  const addresses = addressesOf(ports);
  const settings = {
    NODE_ENV: 'development',
    ...(HAS_AUTH && settingsWithAuth(env.ISSUER || addresses.auth, profile)),
    ...(app === 'auth'
      ? { RESOURCE_SERVERS: await resourceServersOf(ports) }
      : { AUDIENCE: addresses[app] }),
    ...(app === 'orders' && ordersSettings(env, addresses.billing)),
  };
  return { ...withDefaults(env, settings), DATA_DIR: dataFolder(env), PORT: String(ports[app]) };
}

/** @param {string} issuer @param {Profile} profile */
const settingsWithAuth = (issuer, profile) => ({
  ...profile.settings,
  ISSUER: issuer,
  AUTH_ISSUER: issuer,
  DOCS_CLIENT_ID: 'demo-docs',
});

/** @param {Ports} ports @returns {Record<string, string>} */
const addressesOf = (ports) =>
  Object.fromEntries(Object.entries(ports).map(([app, port]) => [app, `http://localhost:${port}`]));

/**
 * The default of RESOURCE_SERVERS, with the ports of this stack. Auth must be built.
 *
 * @param {Ports} ports
 */
async function resourceServersOf(ports) {
  const built = pathToFileURL(builtFile('auth', 'default-resource-servers.js')).href;
  /** @type {{ defaultResourceServersSetting: () => string }} */
  const { defaultResourceServersSetting } = await import(built);
  const addresses = addressesOf(ports);
  const defaults = addressesOf(DEFAULT_PORTS);
  return defaultResourceServersSetting()
    .split('; ')
    .map((server) => {
      const [identifier, ...scopes] = server.split(' ');
      const app = APPS.find((name) => defaults[name] === identifier);
      return [app ? addresses[app] : identifier, ...scopes].join(' ');
    })
    .join('; ');
}

/**
 * X_FILE counts as set, because an app refuses a setting that is given twice.
 *
 * @param {Environment} env
 * @param {Environment} defaults
 */
function withDefaults(env, defaults) {
  const missing = Object.entries(defaults).filter(([name]) => !env[name] && !env[`${name}_FILE`]);
  return { ...env, ...Object.fromEntries(missing) };
}

/**
 * The variable that sets the port of an app for `npm start` and the demo.
 *
 * @param {string} app
 */
export const portVariable = (app) => `${app.toUpperCase()}_PORT`;

/** @param {Environment} env @returns {Ports} */
export function portsOf(env) {
  const ports = Object.fromEntries(APPS.map((app) => [app, portOf(app, env)]));
  for (const app of APPS) {
    const other = APPS.find((name) => name !== app && ports[name] === ports[app]);
    if (other) throw new Failure(`${app} and ${other} cannot both listen on port ${ports[app]}.`);
  }
  return ports;
}

/**
 * The address of each app. AUTH_URL and its siblings replace the address on this machine.
 *
 * @param {Environment} env
 * @returns {Record<string, string>}
 */
export function urlsOf(env) {
  const ports = portsOf(env);
  return Object.fromEntries(
    APPS.map((app) => {
      const given = env[`${app.toUpperCase()}_URL`]?.replace(/\/$/, '');
      return [app, given || `http://localhost:${ports[app]}`];
    }),
  );
}

/**
 * @param {Ports} ports
 * @throws {Failure} with the port that is in use, and how to choose another one
 */
export async function requireFreePorts(ports) {
  for (const [app, port] of Object.entries(ports)) {
    if (await acceptsConnections(port)) {
      throw new Failure(
        `Port ${port} is in use, and ${app} needs it. ` +
          `Stop the other process, or choose another port: ${portVariable(app)}=${port + 1000} npm start`,
      );
    }
  }
}

/** @param {string} app @param {Environment} env */
function portOf(app, env) {
  const text = env[portVariable(app)];
  const port = text ? Number(text) : DEFAULT_PORTS[app];
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new Failure(`${portVariable(app)} must be a port number from 1 to 65535, not "${text}".`);
}

/**
 * Tries every address of `localhost`, because a process on ::1 alone would get our requests too.
 *
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function acceptsConnections(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: 'localhost' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
