/**
 * Fits package-lock.json to the manifests of the project, without the network and without npm: packages that no manifest leads
 * to leave it, and the rest keeps its version. `npm ci` accepts the result.
 */
import { Failure } from '../terminal/command.mjs';

/** @typedef {Record<string, any>} Manifest */
/** @typedef {Record<string, Manifest>} Packages entries of the lock file by their place */

const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
const COPIED = ['version', 'license', 'engines', ...KINDS, 'peerDependenciesMeta'];

/**
 * @param {string} text of the lock file
 * @param {Map<string, Manifest>} manifests by folder; the root has the folder ''
 * @returns {string}
 * @throws {Failure} when a package is missing in the lock file
 */
export function lockFileFor(text, manifests) {
  const lock = JSON.parse(text);
  const packages = withManifests(lock.packages, manifests);
  const roots = Object.keys(packages).filter((place) => isOwn(place, packages));
  // An optional peer alone keeps no package.
  const reached = reachableFrom(roots, packages, { optionalPeer: true });
  const kept = Object.fromEntries(
    Object.entries(packages)
      .filter(([place]) => reached.has(place))
      .sort(([a], [b]) => a.localeCompare(b, 'en')),
  );
  const { name, version } = manifests.get('') ?? {};
  return `${JSON.stringify({ ...lock, name, version, packages: withFlags(roots, kept) }, null, 2)}\n`;
}

/** @param {string} place */
const isPackage = (place) => place.includes('node_modules/');

/** The root, the workspaces and the links to them. @param {string} place @param {Packages} packages */
const isOwn = (place, packages) => !isPackage(place) || packages[place].link;

/**
 * The lock file's packages, with the manifests of the project instead of those of this repository.
 *
 * @param {Packages} packages
 * @param {Map<string, Manifest>} manifests
 * @returns {Packages}
 */
function withManifests(packages, manifests) {
  const others = Object.entries(packages).filter(([place]) => !isOwn(place, packages));
  const own = [...manifests].map(([folder, manifest]) => {
    const copied = COPIED.filter((key) => manifest[key] !== undefined);
    const first = folder === '' ? ['name', 'version', 'license', 'workspaces'] : ['name'];
    const keys = [...first, ...copied].filter((key) => manifest[key] !== undefined);
    return [folder, Object.fromEntries([...new Set(keys)].map((key) => [key, manifest[key]]))];
  });
  const links = [...manifests]
    .filter(([folder]) => folder !== '')
    .map(([folder, { name }]) => [`node_modules/${name}`, { resolved: folder, link: true }]);
  return Object.fromEntries([...others, ...own, ...links]);
}

/**
 * The place of a package as Node finds it from another one.
 *
 * @param {string} from
 * @param {string} name
 * @param {Packages} packages
 */
function findPlace(from, name, packages) {
  for (let folder = from; ; folder = parentOf(folder)) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (Object.hasOwn(packages, place)) return place;
    if (folder === '') return undefined;
  }
}

/** The package around a place. @param {string} place */
function parentOf(place) {
  const index = place.lastIndexOf('/node_modules/');
  return index === -1 ? '' : place.slice(0, index);
}

/** @typedef {Partial<Record<'dev' | 'optional' | 'peer' | 'optionalPeer', boolean>>} Left kinds of dependencies that are left out */

/**
 * @param {string[]} roots
 * @param {Packages} packages
 * @param {Left} left
 */
function reachableFrom(roots, packages, left) {
  const reached = new Set(roots);
  for (const place of reached) {
    for (const next of nextOf(place, packages, left)) reached.add(next);
  }
  return reached;
}

/** @param {string} place @param {Packages} packages @param {Left} left @returns {string[]} */
function nextOf(place, packages, left) {
  const entry = packages[place];
  if (entry.link) return [entry.resolved];
  return dependenciesOf(place, entry, left).flatMap(({ name, isRequired }) => {
    const next = findPlace(place, name, packages);
    if (next) return [next];
    if (!isRequired) return [];
    throw new Failure(`package-lock.json has no ${name}, which ${place || 'the root'} needs.`);
  });
}

/** @param {string} place @param {Manifest} entry @param {Left} left */
function dependenciesOf(place, entry, left) {
  const [dependencies, development, optional, peers] = KINDS.map((kind) =>
    Object.keys(entry[kind] ?? {}),
  );
  const isOptionalPeer = (/** @type {string} */ name) =>
    entry.peerDependenciesMeta?.[name]?.optional === true;
  // npm installs the development packages of workspaces only.
  const own = isPackage(place) ? [] : development;
  const others = left.peer ? [] : peers.filter((name) => !own.includes(name));
  const required = [
    ...dependencies.filter((name) => !optional.includes(name)),
    ...(left.dev ? [] : own),
    ...others.filter((name) => !isOptionalPeer(name)),
  ];
  const optionalPeers = left.optionalPeer ? [] : others.filter(isOptionalPeer);
  return [
    ...required.map((name) => ({ name, isRequired: true })),
    ...[...optional, ...optionalPeers].map((name) => ({ name, isRequired: false })),
  ].filter(({ isRequired }) => isRequired || !left.optional);
}

/**
 * Sets the marks `dev`, `optional`, `devOptional` and `peer`, by which `npm ci --omit` decides.
 *
 * @param {string[]} roots
 * @param {Packages} packages
 * @returns {Packages}
 */
function withFlags(roots, packages) {
  const without = (/** @type {Left} */ left) => reachableFrom(roots, packages, left);
  const [noDev, noOptional, noPeer, required] = [
    without({ dev: true }),
    without({ optional: true }),
    without({ peer: true }),
    without({ dev: true, optional: true }),
  ];
  const flagsOf = (/** @type {string} */ place) => {
    const [dev, optional] = [!noDev.has(place), !noOptional.has(place)];
    const devOptional = !dev && !optional && !required.has(place);
    return { dev, optional, devOptional, peer: !noPeer.has(place) };
  };
  return Object.fromEntries(
    Object.entries(packages).map(([place, entry]) => [
      place,
      isOwn(place, packages) ? entry : marked(entry, flagsOf(place)),
    ]),
  );
}

/** @param {Manifest} entry @param {Record<string, boolean>} flags */
function marked(entry, flags) {
  const rest = Object.entries(entry).filter(([key]) => !Object.hasOwn(flags, key));
  return Object.fromEntries([...rest, ...Object.entries(flags).filter(([, isSet]) => isSet)]);
}
