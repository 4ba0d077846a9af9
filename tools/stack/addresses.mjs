import { connect } from 'node:net';
import { Failure } from '../terminal/failure.mjs';
import { APPS, DEFAULT_PORTS } from '../workspace.mjs';

/** The variable that moves an app's port, when the whole stack is meant. */
export const portVariable = (app) => `${app.toUpperCase()}_PORT`;

/** @returns {Record<string, number>} the port of each app */
export function portsOf(env) {
  const ports = Object.fromEntries(APPS.map((app) => [app, portOf(app, env)]));
  for (const app of APPS) {
    const other = APPS.find((name) => name !== app && ports[name] === ports[app]);
    if (other) throw new Failure(`${app} and ${other} cannot both listen on port ${ports[app]}.`);
  }
  return ports;
}

/** @returns {Record<string, string>} where each app answers; AUTH_URL and its siblings say it outright */
export function urlsOf(env) {
  const ports = portsOf(env);
  const given = (app) => env[`${app.toUpperCase()}_URL`]?.replace(/\/$/, '');
  return Object.fromEntries(
    APPS.map((app) => [app, given(app) || `http://localhost:${ports[app]}`]),
  );
}

/** @throws {Failure} that names the port which is taken, and how to choose another */
export async function requireFreePorts(ports) {
  for (const [app, port] of Object.entries(ports)) {
    if (await isAnswered(port)) {
      throw new Failure(
        `Port ${port} is in use, and ${app} needs it. ` +
          `Stop the other process, or choose another port: ${portVariable(app)}=${port + 1000} npm start`,
      );
    }
  }
}

function portOf(app, env) {
  const text = env[portVariable(app)];
  const port = text ? Number(text) : DEFAULT_PORTS[app];
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new Failure(`${portVariable(app)} must be a port number from 1 to 65535, not "${text}".`);
}

/** `localhost` tries every address of it: somebody on ::1 alone would take our callers too. */
function isAnswered(port) {
  return new Promise((resolve) => {
    const socket = connect({ port, host: 'localhost' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
