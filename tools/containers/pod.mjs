import { check } from './engine.mjs';

/**
 * @typedef {object} Container of a pod
 * @property {string} image
 * @property {string[]} [command]
 * @property {{ containerPort: number }[]} [ports]
 * @property {{ configMapRef: { name: string } }[]} envFrom
 * @property {{ name: string, value: string }[]} env
 * @property {{ name: string, mountPath: string }[]} volumeMounts
 * @property {{ limits: { memory: string } }} resources
 * @property {{ allowPrivilegeEscalation: boolean, readOnlyRootFilesystem: boolean, capabilities: { drop: string[] } }} securityContext
 * @property {Probe} [startupProbe]
 * @property {Probe} [livenessProbe]
 * @property {Probe} [readinessProbe]
 * @property {{ preStop: { exec: { command: string[] } } }} [lifecycle]
 */

/** @typedef {{ httpGet: { path: string, port: string }, periodSeconds: number, failureThreshold?: number }} Probe */

/**
 * @typedef {object} PodSpec
 * @property {[Container]} containers
 * @property {{ runAsNonRoot: boolean, runAsUser: number, runAsGroup: number, fsGroup: number }} securityContext
 * @property {number} [terminationGracePeriodSeconds]
 * @property {{ name: string, secret?: { secretName: string }, emptyDir?: { sizeLimit: string } }[]} volumes
 */

/** @typedef {{ configMaps: Record<string, string[]>, secrets: string, extra: string[] }} Cluster `secrets` has a folder for each */

/**
 * The arguments of the engine's `run` that give a container what the kubelet would give it.
 *
 * @param {PodSpec} pod
 * @param {Cluster} cluster
 * @returns {string[]}
 */
export function runArguments(pod, { configMaps, secrets, extra }) {
  const [container] = pod.containers;
  const [program, ...rest] = container.command ?? [];
  return [
    ...securityArguments(pod),
    ...['--memory', bytesOf(container.resources.limits.memory)],
    ...(container.ports ?? []).flatMap((port) => ['--publish', `127.0.0.1::${port.containerPort}`]),
    ...environmentOf(container, configMaps).flatMap((pair) => ['--env', pair]),
    ...container.volumeMounts.flatMap((mount) => volumeArguments(mount, { pod, secrets })),
    ...extra,
    ...(program ? ['--entrypoint', program] : []),
    container.image,
    ...rest,
  ];
}

/** @param {PodSpec} pod @returns {string[]} */
function securityArguments({ securityContext: { runAsUser, runAsGroup, fsGroup }, containers }) {
  const [{ securityContext }] = containers;
  check(
    securityContext.readOnlyRootFilesystem,
    'the root file system of each container is read-only',
  );
  check(!securityContext.allowPrivilegeEscalation, 'no container gains privileges');
  return [
    ...['--user', `${runAsUser}:${runAsGroup}`, '--group-add', String(fsGroup)],
    ...['--read-only', '--security-opt', 'no-new-privileges'],
    ...securityContext.capabilities.drop.flatMap((name) => ['--cap-drop', name]),
  ];
}

/** @param {Container} container @param {Record<string, string[]>} configMaps @returns {string[]} */
function environmentOf({ envFrom, env }, configMaps) {
  const shared = envFrom.flatMap(({ configMapRef: { name } }) => configMaps[name]);
  return [...shared, ...env.map(({ name, value }) => `${name}=${value}`)];
}

/**
 * @param {{ name: string, mountPath: string }} mount
 * @param {{ pod: PodSpec, secrets: string }} place
 * @returns {string[]}
 */
function volumeArguments({ name, mountPath }, { pod, secrets }) {
  const volume = pod.volumes.find((each) => each.name === name);
  if (volume?.secret) return ['--volume', `${secrets}/${volume.secret.secretName}:${mountPath}:ro`];
  return ['--tmpfs', `${mountPath}:size=${bytesOf(volume?.emptyDir?.sizeLimit ?? '0')},mode=1777`];
}

/** @param {string} quantity such as 512Mi */
const bytesOf = (quantity) => String(Number.parseInt(quantity, 10) * 2 ** 20);
