import { Failure } from '../terminal/command.mjs';

/**
 * An optional part of the library: the folder `src/<name>` with its entry point `src/<name>.ts` or `src/<name>/index.ts`,
 * and its page `docs/<name>.md`. `testing` and `tests` have folders of their own.
 *
 * @typedef {object} Part
 * @property {string} brings what a service can write with it
 * @property {string} [transport] the package of Nest for whose handlers the application does not start without this part
 * @property {string} [suits] services that declare this package probably want the part
 * @property {boolean} [needsPackages] whether a service must install more for it
 */

/** @type {Record<string, Part>} */
export const PARTS = {
  presets: { brings: 'auth0(), cognito(), entraId(), keycloak(), okta() and the other presets' },
  status: { brings: 'the option statusLists: revoked sessions are refused' },
  dpop: { brings: 'the option dpop: tokens that are bound to a key of the client' },
  introspection: { brings: 'introspection(): opaque tokens' },
  'issuers-at-run-time': {
    brings: 'the option issuers.resolve: tenants that sign up after the boot',
  },
  passport: {
    brings: "AccessTokenStrategy: AuthGuard('jwt') keeps its decorators",
    suits: '@nestjs/passport',
    needsPackages: true,
  },
  'open-api': {
    brings: 'secureOpenApi(): the requirements of handlers in the document of Swagger',
    suits: '@nestjs/swagger',
  },
  graphql: { brings: 'graphqlTransport()', transport: '@nestjs/graphql', needsPackages: true },
  websockets: {
    brings: 'webSocketTransport()',
    transport: '@nestjs/websockets',
    needsPackages: true,
  },
  microservices: {
    brings: 'microserviceTransport()',
    transport: '@nestjs/microservices',
    needsPackages: true,
  },
  testing: { brings: 'TestIssuer and expectGuarded(), for your tests', needsPackages: true },
  tests: {
    brings: 'our tests of the copied parts, and parts without packages',
    needsPackages: true,
  },
};

const NAMES = Object.keys(PARTS);
const FOLDERS = /^(?:src\/([^/.]+)(?:\/|\.ts$)|docs\/([^/.]+)\.md$|(testing|test)\/)/;

/**
 * The part that a file of the library belongs to; undefined for core, nest and the entry points.
 *
 * @param {string} path
 */
export function partOf(path) {
  const [, source, document, folder] = FOLDERS.exec(path) ?? [];
  const name = folder === 'test' ? 'tests' : (source ?? document ?? folder);
  return NAMES.includes(name) ? name : undefined;
}

/**
 * Reads the values of `--with` or `--without`: names of parts with commas between them, or `all`.
 *
 * @param {string[]} values
 * @param {string} option
 */
export function partsNamed(values, option) {
  const given = values.flatMap((value) => value.split(',')).map((name) => name.trim());
  const names = given.filter((name) => name !== '');
  const unknown = names.filter((name) => name !== 'all' && !NAMES.includes(name));
  if (unknown.length > 0) {
    throw new Failure(`${option} ${unknown[0]}: no such part. The parts are ${NAMES.join(', ')}.`);
  }
  return names.includes('all') ? NAMES : names;
}

/**
 * @typedef {object} Choice
 * @property {string[]} parts the parts to copy
 * @property {string[]} without the parts that the user does not want
 * @property {string[]} byService parts that are copied because the service declares the package of their transport
 */

/**
 * The parts for a service: those of the last copy, those that the user names, and those of the service's transports.
 *
 * @param {(name: string) => boolean} declares
 * @param {{ kept?: { parts: string[], without: string[] }, wanted: string[], unwanted: string[] }} choice
 * @returns {Choice}
 */
export function chooseParts(declares, { kept, wanted, unwanted }) {
  const refused = [...(kept?.without ?? []).filter((name) => !wanted.includes(name)), ...unwanted];
  const chosen = new Set([...(kept?.parts ?? []), ...wanted]);
  const byService = NAMES.filter((name) => isDeclared(PARTS[name].transport, declares)).filter(
    (name) => !chosen.has(name) && !refused.includes(name),
  );
  for (const name of byService) chosen.add(name);
  return {
    parts: NAMES.filter((name) => chosen.has(name) && !unwanted.includes(name)),
    without: NAMES.filter((name) => refused.includes(name)),
    byService,
  };
}

/**
 * The parts whose files are copied: `tests` uses TestIssuer and every part that needs no packages.
 *
 * @param {Choice} choice
 */
export function partsToCopy({ parts, without }) {
  const implied = parts.includes('tests')
    ? NAMES.filter((name) => name === 'testing' || !PARTS[name].needsPackages)
    : [];
  return new Set([...parts, ...implied.filter((name) => !without.includes(name))]);
}

/**
 * @param {(name: string) => boolean} declares
 * @param {ReadonlySet<string>} copied
 */
export function suggestedParts(declares, copied) {
  return NAMES.filter((name) => !copied.has(name) && isDeclared(PARTS[name].suits, declares));
}

/** @param {string | undefined} name @param {(name: string) => boolean} declares */
function isDeclared(name, declares) {
  return name !== undefined && declares(name);
}
