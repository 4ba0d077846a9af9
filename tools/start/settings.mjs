import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Failure } from '../terminal/command.mjs';
import { builtFile, dataFolder, DEFAULT_PORTS, HAS_AUTH, SERVICES } from '../workspace.mjs';
import { ordersSettings } from './orders.mjs';
import { webClientSettings, webSettings } from './web.mjs';

/** @typedef {import('../workspace.mjs').Environment} Environment */
/** @typedef {Record<string, number>} Ports the port of each service */

/**
 * A selection of services with the settings that make auth seed its data, the file to which auth writes the credentials, and one
 * of the clients.
 *
 * @typedef {{ name: string, services: string[], settings: Environment, credentials: string, client: string }} Profile
 * @type {Record<string, Omit<Profile, 'name'>>}
 */
const PROFILES = {
  demo: {
    services: SERVICES,
    settings: { SEED_DEMO: 'true' },
    credentials: 'demo.env',
    client: 'demo-spa',
  },
  conformance: {
    services: ['auth'],
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
 * The environment of one service: that of the caller, with defaults for a stack on one machine. Issuer and audiences follow the ports,
 * because the documentation pages and metadata documents name these addresses.
 *
 * @param {string} service
 * @param {{ ports: Ports, env: Environment, profile: Profile }} stack
 * @returns {Promise<Environment>}
 */
export async function environmentOf(service, { ports, env, profile }) {
  const addresses = addressesOf(ports);
  const settings = {
    NODE_ENV: 'development',
    ...(HAS_AUTH && settingsWithAuth(env.ISSUER || addresses.auth, profile)),
    ...(await ownSettings(service, { ports, env, profile })),
  };
  return {
    ...withDefaults(env, settings),
    DATA_DIR: dataFolder(env),
    PORT: String(ports[service]),
  };
}

/** All verifiers run on this machine, so a new key may sign 17 seconds after its publication (docs/flows/key-rotation.md). */
const DEMO_SETTINGS = { KEY_SET_MAX_AGE: '10', CLOCK_SKEW: '1', DEV_MAILBOX: 'true' };

/** @param {string} service @param {Parameters<typeof environmentOf>[1]} stack @returns {Promise<Environment>} */
async function ownSettings(service, { ports, env, profile }) {
  const addresses = addressesOf(ports);
  if (service === 'auth') {
    const isDemo = (env.SEED_DEMO || profile.settings.SEED_DEMO) === 'true';
    return {
      RESOURCE_SERVERS: await resourceServersOf(ports),
      ...(isDemo && DEMO_SETTINGS),
      ...webClientSettings({ env, addresses, isDemo }),
    };
  }
  return {
    AUDIENCE: addresses[service],
    ...(service === 'orders' && ordersSettings(env, addresses.billing)),
    ...webSettings(service, { env, addresses }),
  };
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
      const app = SERVICES.find((name) => defaults[name] === identifier);
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
 * The variable that sets the port of a service for `npm start` and the demo.
 *
 * @param {string} service
 */
export const portVariable = (service) => `${variableName(service)}_PORT`;

/** @param {string} service */
const variableName = (service) => service.toUpperCase().replaceAll('-', '_');

/** @param {Environment} env @returns {Ports} */
export function portsOf(env) {
  const ports = Object.fromEntries(SERVICES.map((name) => [name, portOf(name, env)]));
  for (const name of SERVICES) {
    const other = SERVICES.find((each) => each !== name && ports[each] === ports[name]);
    if (other) throw new Failure(`${name} and ${other} cannot both listen on port ${ports[name]}.`);
  }
  return ports;
}

/**
 * The address of each service. AUTH_URL and its siblings replace the address on this machine.
 *
 * @param {Environment} env
 * @returns {Record<string, string>}
 */
export function urlsOf(env) {
  const ports = portsOf(env);
  return Object.fromEntries(
    SERVICES.map((name) => {
      const given = env[`${variableName(name)}_URL`]?.replace(/\/$/, '');
      return [name, given || `http://localhost:${ports[name]}`];
    }),
  );
}

/**
 * @param {Ports} ports
 * @throws {Failure} with the port that is in use, and how to choose another one
 */
export async function requireFreePorts(ports) {
  for (const [name, port] of Object.entries(ports)) {
    if (await acceptsConnections(port)) {
      throw new Failure(
        `Port ${port} is in use, and ${name} needs it. ` +
          `Stop the other process, or choose another port: ${portVariable(name)}=${port + 1000} npm start`,
      );
    }
  }
}

/** @param {string} service @param {Environment} env */
function portOf(service, env) {
  const text = env[portVariable(service)];
  const port = text ? Number(text) : DEFAULT_PORTS[service];
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new Failure(
    `${portVariable(service)} must be a port number from 1 to 65535, not "${text}".`,
  );
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
