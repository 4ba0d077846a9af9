/** The choices of `npm run create`, with their defaults and rules. `.gatehouse.json` keeps them for `npm run upgrade`. */
import { Failure } from '../terminal/command.mjs';

/**
 * @typedef {object} Choices
 * @property {string} name of the project: its root package, images, databases and pages
 * @property {string} scope of its npm packages
 * @property {string[]} services resource servers of the project's own
 * @property {boolean} samples whether orders, billing and the demo stay
 * @property {'own' | 'external'} auth whether the project issues tokens, or accepts those of another issuer
 * @property {string} [issuer] the exact `iss` of an external issuer
 * @property {string} [preset] the product of an external issuer, one of libs/guards/src/presets
 * @property {'sqlite' | 'postgres'} database that the documents name first
 * @property {string[]} parts optional parts that stay
 * @property {boolean} libraryTests whether the tests of libs stay
 * @property {string[]} [removed] other parts that `npm run remove` took out later
 */

/** The optional parts that a user may keep. The others follow from the other choices. */
export const OPTIONAL_PARTS = [
  'dpop',
  'token-exchange',
  'graphql',
  'websockets',
  'microservices',
  'passport',
  'introspection',
  'opentelemetry',
  'docker',
  'kubernetes',
  'presets',
  'issuers-at-run-time',
  'explain',
  'jobs',
  'repository-files',
  'new-service',
  'web',
];

/** What most teams use. */
const USUAL_PARTS = ['explain', 'repository-files', 'new-service'];

/** @param {Pick<Choices, 'libraryTests'>} choices */
const hasLibraryTests = ({ libraryTests }) => libraryTests;

/**
 * Parts that other choices need.
 *
 * @type {Record<string, (choices: Choices) => boolean>}
 */
const NEEDED = {
  // The manifests of Kubernetes name the images of Docker.
  docker: ({ parts }) => parts.includes('kubernetes'),
  // Orders calls billing for a user.
  'token-exchange': ({ samples }) => samples,
  presets: ({ preset, libraryTests }) => preset !== undefined || libraryTests,
  'issuers-at-run-time': hasLibraryTests,
  explain: hasLibraryTests,
  jobs: ({ auth, libraryTests }) => auth === 'own' || libraryTests,
  'repository-files': hasLibraryTests,
  'new-service': hasLibraryTests,
};

/** The parts that a project has if its team does not choose. @param {{ auth?: string, samples?: boolean }} choices */
export const defaultParts = ({ auth, samples }) => [
  ...(auth === 'external' ? [] : ['docker']),
  ...USUAL_PARTS,
  ...(samples ? ['web'] : []),
];

/** Parts that need the authorization server of the project. */
const ONLY_WITH_OWN_AUTH = ['token-exchange', 'docker', 'kubernetes'];

export const PRESETS = ['auth0', 'better-auth', 'cognito', 'entra-id', 'keycloak', 'okta'];

/**
 * Adds the defaults and checks every value.
 *
 * @param {Partial<Choices> & { name: string }} given
 * @returns {Choices}
 * @throws {Failure} with all faults
 */
export function completeChoices(given) {
  const auth = given.auth ?? 'own';
  const choices = {
    scope: `@${given.name}`,
    services: ['parcels'],
    samples: false,
    auth,
    database: /** @type {const} */ ('sqlite'),
    parts: defaultParts(given),
    libraryTests: false,
    ...given,
  };
  const faults = RULES.filter(({ holds }) => !holds(choices)).map(({ fault }) => fault(choices));
  if (faults.length > 0) throw new Failure(faults.join('\n'));
  const complete = {
    ...choices,
    services: [...new Set(choices.services)],
    parts: OPTIONAL_PARTS.filter((part) => choices.parts.includes(part) || NEEDED[part]?.(choices)),
  };
  // In a fixed order, because the same choices give the same .gatehouse.json.
  const entries = Object.entries(complete).filter(([, value]) => value !== undefined);
  entries.sort(([one], [other]) => KNOWN_CHOICES.indexOf(one) - KNOWN_CHOICES.indexOf(other));
  return /** @type {Choices} */ (Object.fromEntries(entries));
}

/** @param {string[]} given @param {string[]} known */
const unknown = (given, known) => given.filter((each) => !known.includes(each));

const KNOWN_CHOICES = [
  'name',
  'scope',
  'services',
  'samples',
  'auth',
  'issuer',
  'preset',
  'database',
  'parts',
  'libraryTests',
  'removed',
];

/** Names that the starter's own files have. */
const TAKEN_NAMES = ['gatehouse', 'node', 'npm', 'test'];
const TAKEN_SERVICES = [
  ...['auth', 'e2e', 'guards', 'persistence', 'postgres', 'orders', 'billing', 'web', 'shop'],
];

/** @type {{ holds: (choices: Choices) => boolean, fault: (choices: Choices) => string }[]} */
const RULES = [
  {
    holds: (choices) => unknown(Object.keys(choices), KNOWN_CHOICES).length === 0,
    fault: (choices) =>
      `Unknown choice "${unknown(Object.keys(choices), KNOWN_CHOICES).join('", "')}". There are: ${KNOWN_CHOICES.join(', ')}.`,
  },
  {
    holds: ({ name }) => /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= 40,
    fault: ({ name }) =>
      `name: small letters, digits and single hyphens, such as acme or acme-shop, not "${name}".`,
  },
  {
    holds: ({ name }) => !TAKEN_NAMES.includes(name),
    fault: ({ name }) => `name: "${name}" is taken. Use the name of your product, such as acme.`,
  },
  {
    holds: ({ scope }) => /^@[a-z0-9][a-z0-9-]{0,38}$/.test(scope) && scope !== '@gatehouse',
    fault: ({ scope }) =>
      `scope: an npm scope of your own, such as @acme, not "${scope}". It begins with @.`,
  },
  {
    holds: ({ services }) => Array.isArray(services) && services.every((name) => isService(name)),
    fault: ({ services }) =>
      `services: each one word of 3 to 30 small letters, such as parcels or shipping, not "${services}".`,
  },
  {
    holds: ({ services, samples }) => samples || services.length > 0,
    fault: () => 'services: name at least one, such as parcels, or keep the samples.',
  },
  {
    holds: ({ auth }) => ['own', 'external'].includes(auth),
    fault: ({ auth }) => `auth: own or external, not "${auth}".`,
  },
  {
    holds: ({ auth, samples }) => auth === 'own' || !samples,
    fault: () =>
      'samples: orders and billing need the authorization server. Choose --auth own, or leave out --with-samples.',
  },
  {
    holds: ({ samples, parts }) => samples || !parts.includes('web'),
    fault: () => 'parts: web shows orders and billing. Keep the samples, or leave out web.',
  },
  {
    holds: ({ auth, issuer }) => auth !== 'external' || isIssuer(issuer),
    fault: ({ issuer }) =>
      `issuer: the exact "iss" of the tokens, such as https://login.example.com/, not "${issuer ?? ''}". It is an https address without query and fragment.`,
  },
  {
    holds: ({ auth, issuer, preset }) => auth === 'external' || (!issuer && !preset),
    fault: () => 'issuer, preset: only with --auth external.',
  },
  {
    holds: ({ preset }) => preset === undefined || PRESETS.includes(preset),
    fault: ({ preset }) => `preset: one of ${PRESETS.join(', ')}, not "${preset}".`,
  },
  {
    holds: ({ database }) => ['sqlite', 'postgres'].includes(database),
    fault: ({ database }) => `database: sqlite or postgres, not "${database}".`,
  },
  {
    holds: ({ parts }) => Array.isArray(parts) && unknown(parts, OPTIONAL_PARTS).length === 0,
    fault: ({ parts }) =>
      `parts: "${Array.isArray(parts) ? unknown(parts, OPTIONAL_PARTS).join('", "') : parts}" is unknown. There are: ${OPTIONAL_PARTS.join(', ')}.`,
  },
  {
    holds: ({ auth, parts }) =>
      auth === 'own' || !parts.some((part) => ONLY_WITH_OWN_AUTH.includes(part)),
    fault: () =>
      `parts: ${ONLY_WITH_OWN_AUTH.join(', ')} need the authorization server (own auth).`,
  },
];

/** @param {string} name */
const isService = (name) => /^[a-z]{3,30}$/.test(name) && !TAKEN_SERVICES.includes(name);

/** @param {string | undefined} text */
function isIssuer(text) {
  if (text === undefined || !URL.canParse(text)) return false;
  const { protocol, hostname, search, hash } = new URL(text);
  const isSecure = protocol === 'https:' || (protocol === 'http:' && hostname === 'localhost');
  return isSecure && search === '' && hash === '';
}

/**
 * The names of the parts that the choices leave out.
 *
 * @param {Choices} choices
 * @param {readonly string[]} all names of all parts, in their order
 */
export function partsToRemove({ parts, samples, auth, libraryTests, removed = [] }, all) {
  const kept = [
    ...parts,
    ...(samples ? ['orders', 'billing', 'demo'] : []),
    ...(auth === 'own' ? ['auth'] : []),
    ...(libraryTests ? ['library-tests'] : []),
  ];
  if (kept.length > 0) kept.push('remove');
  return all.filter((name) => !kept.includes(name) || removed.includes(name));
}

/** @type {Record<'minimal' | 'standard' | 'full', Choices>} */
export const SHAPES = {
  minimal: completeChoices({
    name: 'acme',
    auth: 'external',
    issuer: 'https://issuer.example',
    parts: [],
  }),
  standard: completeChoices({ name: 'acme' }),
  full: completeChoices({
    name: 'acme',
    samples: true,
    parts: OPTIONAL_PARTS,
    libraryTests: true,
  }),
};
