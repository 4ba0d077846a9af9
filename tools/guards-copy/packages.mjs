import { manifest } from './library.mjs';

/** Those of Nest that are not numbered as Nest is. */
const OWN_NUMBERS = {
  '@nestjs/graphql': { 11: '13', 12: '14' },
  '@nestjs/apollo': { 11: '13', 12: '14' },
};
/** Loaded by Nest or by another package, so that no import names them. */
const COMPANIONS = {
  '@nestjs/apollo': [
    '@apollo/server',
    '@apollo/subgraph',
    '@as-integrations/express5',
    '@as-integrations/fastify',
  ],
  '@grpc/grpc-js': ['@grpc/proto-loader'],
  '@nestjs/websockets': ['@nestjs/platform-socket.io', '@nestjs/platform-ws'],
};

const ranges = { ...manifest.devDependencies, ...manifest.peerDependencies };

/**
 * What has to be installed so that copied files find what they import, as `npm install` takes it.
 *
 * @param {import('./library.mjs').LibraryFile[]} files
 * @param {import('./service.mjs').Service} service
 * @returns {{ toRun: string[], toDevelop: string[] }}
 */
export function missingPackages(files, service) {
  const isLibrary = ({ path }) => path.startsWith('src/');
  const toRun = importedBy(files.filter(isLibrary));
  const toTest = importedBy(files.filter((file) => !isLibrary(file)));
  const companions = toTest.flatMap((name) => COMPANIONS[name] ?? []);
  const types = [...toRun, ...toTest].map(typesOf).filter((name) => Object.hasOwn(ranges, name));
  const toDevelop = [...toTest, ...companions, ...types].filter((name) => !toRun.includes(name));
  return { toRun: missing(toRun, service), toDevelop: missing(toDevelop, service) };
}

function importedBy(files) {
  return files.flatMap(({ packages }) => packages);
}

/** DefinitelyTyped's name for the types of a package, which may have its own. */
function typesOf(name) {
  return `@types/${name}`;
}

function missing(names, { declares, major }) {
  const distinct = [...new Set(names)].filter((name) => !declares(name));
  return distinct.sort().map((name) => `${name}@${versionOf(name, major)}`);
}

/** What `^` allows, in a form that every shell leaves alone. */
function versionOf(name, nest) {
  if (Object.hasOwn(OWN_NUMBERS, name)) return OWN_NUMBERS[name][nest];
  if (name.startsWith('@nestjs/')) return nest;
  const [, major, minor] = /(\d+)\.(\d+)/.exec(ranges[name]);
  return major === '0' ? `0.${minor}` : major;
}
