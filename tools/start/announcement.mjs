import { coloursFor } from '../terminal/output.mjs';
import { credentialsIn, DEFAULT_PORTS, HAS_AUTH, WEB_TOOLS } from '../workspace.mjs';
import { portVariable } from './settings.mjs';

/** @typedef {import('../terminal/output.mjs').Paint} Paint */
/** @typedef {import('./settings.mjs').Profile} Profile */
/** @typedef {import('./service-process.mjs').ServiceProcess} ServiceProcess */

/**
 * Prints the addresses, the credentials and the next command.
 *
 * @param {{ services: ServiceProcess[], stream: NodeJS.WriteStream, profile: Profile, database: string }} stack
 */
export function announce({ services, stream, profile, database }) {
  const width = Math.max(9, ...services.map(({ name }) => name.length + 2));
  const paint = coloursFor(stream);
  const rows = [
    ...invitationRows(profile, services, paint),
    [paint('bold', 'Gatehouse is running.')],
    [],
    ...services.map(({ name, port }) => {
      const url = `http://localhost:${port}`;
      const cells = [`  ${name.padEnd(width)}`, url];
      return WEB_TOOLS.includes(name) ? cells : [...cells, `   try it: ${url}/docs`];
    }),
    [`  ${'data'.padEnd(width)}`, database],
    ...seedRows(profile, services, paint),
    [],
    [`  next: ${nextStep(profile, services)}`],
  ];
  stream.write(`\n${rows.map((cells) => cells.join('')).join('\n')}\n\n`);
}

/**
 * The address to open, and who can sign in there.
 *
 * @param {Profile} profile
 * @param {ServiceProcess[]} services
 * @param {Paint} paint
 */
function invitationRows({ credentials: file }, services, paint) {
  const tool = services.find(({ name }) => WEB_TOOLS.includes(name));
  if (!tool) return [];
  const { DEMO_EMAIL, DEMO_PASSWORD } =
    (isSeeded(services, 'SEED_DEMO') && credentialsIn(file)) || {};
  const account =
    DEMO_EMAIL && DEMO_PASSWORD ? ` and sign in: ${DEMO_EMAIL}  ${DEMO_PASSWORD}` : '';
  return [[paint('bold', `Open http://localhost:${tool.port}`), account], []];
}

/** @param {ServiceProcess[]} services @param {string} setting */
const isSeeded = (services, setting) => services.some(({ env }) => env[setting] === 'true');

/** @param {Profile} profile @param {ServiceProcess[]} services */
function nextStep({ name }, services) {
  if (name === 'conformance') return 'docs/conformance.md   (Ctrl-C here stops the server)';
  // The demo finds apps on other ports by the same variables.
  const moved = services
    .filter(({ name, port }) => port !== DEFAULT_PORTS[name])
    .map(({ name, port }) => `${portVariable(name)}=${port} `);
  return `${moved.join('')}npm run demo   (in another terminal; Ctrl-C here stops the stack)`;
}

/**
 * By the variable of the secret: the kind of its owner, and the name of the owner or the variable that holds it.
 *
 * @type {Record<string, [kind: string, owner: string]>}
 */
const OWNERS = {
  DEMO_PASSWORD: ['account', 'DEMO_EMAIL'],
  DEMO_STAFF_PASSWORD: ['account', 'DEMO_STAFF_EMAIL'],
  ORDERS_SERVICE_SECRET: ['client', 'orders-service'],
  SHORT_LIVED_SECRET: ['client', 'short-lived-demo'],
  CONFORMANCE_PASSWORD: ['account', 'CONFORMANCE_EMAIL'],
  CONFORMANCE_ONE_SECRET: ['client', 'conformance-one'],
  CONFORMANCE_TWO_SECRET: ['client', 'conformance-two'],
  CONFORMANCE_POST_SECRET: ['client', 'conformance-post'],
};

/**
 * The credentials of the seed, or how to seed a database that has other data.
 *
 * @param {Profile} profile
 * @param {ServiceProcess[]} services
 * @param {Paint} paint
 */
function seedRows(profile, services, paint) {
  if (!HAS_AUTH) return [];
  const setting = profile.name === 'demo' ? 'SEED_DEMO' : 'SEED_CONFORMANCE';
  if (isSeeded(services, setting)) return credentialRows(profile, paint);
  const text = 'This database has accounts or clients of its own, so no demo data was written.';
  return [[], [`  ${text}`], [`  To write it: ${setting}=true npm start`]];
}

/** @param {Profile} profile @param {Paint} paint */
function credentialRows({ credentials: file }, paint) {
  const credentials = credentialsIn(file);
  if (!credentials) return [];
  const known = Object.entries(OWNERS).filter(([name]) => credentials[name]);
  return [
    [],
    [paint('bold', 'For trying things, in development only')],
    ...known.map(([name, [kind, owner]]) => {
      return [`  ${kind.padEnd(9)}`, (credentials[owner] ?? owner).padEnd(30), credentials[name]];
    }),
  ];
}
