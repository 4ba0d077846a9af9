import { resolve } from 'node:path';
import { Failure } from '../terminal/command.mjs';
import { ROOT } from '../workspace.mjs';

/**
 * A service of docker-compose.yml, as far as our file uses the format.
 *
 * @typedef {object} Service
 * @property {string} image
 * @property {string[]} [command]
 * @property {Record<string, string>} [environment]
 * @property {string[]} [volumes]
 * @property {string[]} [ports]
 * @property {Record<string, { condition: string }>} [depends_on]
 * @property {{ test?: string[], disable?: boolean }} [healthcheck]
 * @property {{ replicas: number }} [deploy]
 * @property {{ default: { aliases: string[] } }} [networks]
 * @property {string} [network_mode]
 * @property {string[]} [profiles]
 */

/** @typedef {{ name: string, project: string }} Place */

/** What the stack does itself, and what only Docker does. */
const NOT_ARGUMENTS = [
  'build',
  'command',
  'depends_on',
  'deploy',
  'healthcheck',
  'image',
  'profiles',
];

/** @type {Record<string, (value: any, place: Place) => string[]>} */
const ARGUMENTS = {
  cap_add: (names) => names.flatMap((/** @type {string} */ name) => ['--cap-add', name]),
  cap_drop: (names) => names.flatMap((/** @type {string} */ name) => ['--cap-drop', name]),
  environment: (values) =>
    Object.entries(values).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
  mem_limit: (limit) => ['--memory', limit],
  network_mode: (mode) => ['--network', mode],
  networks: ({ default: { aliases } }) =>
    aliases.flatMap((/** @type {string} */ alias) => ['--network-alias', alias]),
  // Any free port, because other programs of this machine may use the port of the file.
  ports: (ports) =>
    ports.flatMap((/** @type {string} */ port) => {
      const [address, , inside] = port.split(':');
      return ['--publish', `${address}::${inside}`];
    }),
  read_only: (is) => (is ? ['--read-only'] : []),
  restart: (policy) => ['--restart', policy],
  security_opt: (options) =>
    options.flatMap((/** @type {string} */ each) => ['--security-opt', each]),
  stop_grace_period: (time) => ['--stop-timeout', String(Number.parseInt(time, 10))],
  tmpfs: (folders) => folders.flatMap((/** @type {string} */ folder) => ['--tmpfs', folder]),
  user: (user) => ['--user', user],
  volumes: (volumes, { project }) =>
    volumes.flatMap((/** @type {string} */ volume) => ['--volume', volumeOf(volume, project)]),
};

/**
 * The arguments of `podman run` for a service, up to its command.
 *
 * @param {Service} service
 * @param {Place} place
 * @returns {string[]}
 * @throws {Failure} for a key that this file does not know, so that no line of the Compose file is ignored
 */
export function podmanArguments({ image, command = [], ...service }, place) {
  const { name, project } = place;
  const network = service.network_mode ? [] : ['--network', project, '--network-alias', name];
  const options = Object.entries(service).flatMap(([key, value]) => {
    if (NOT_ARGUMENTS.includes(key)) return [];
    if (!ARGUMENTS[key])
      throw new Failure(`docker-compose.yml: "${key}" of ${name} is not known here.`);
    return ARGUMENTS[key](value, place);
  });
  return ['--label', `gatehouse=${project}`, ...network, ...options, image, ...command];
}

/** @param {string} volume @param {string} project */
function volumeOf(volume, project) {
  const [source, ...rest] = volume.split(':');
  const isFile = source.startsWith('.');
  return [isFile ? resolve(ROOT, source) : `${project}_${source}`, ...rest].join(':');
}
