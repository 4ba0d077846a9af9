import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../terminal/command.mjs';

/** @typedef {Record<string, string | number>} Names */
/** @typedef {{ what: string, place: RegExp, change: (text: string) => string }} Edit */

/**
 * The edits outside of the folder of the service, by file. A project need not have all of these files.
 *
 * @type {Record<string, (names: Names, project: { hasAuth: boolean }) => Edit[]>}
 */
const PLACES = {
  'apps/auth/src/default-resource-servers.ts': (names) => [
    {
      what: 'the comment "new:service adds its resource server above"',
      place: /^ *\/\/ new:service adds its resource server above$/,
      change: (mark) => `${resourceServer(names)}\n${mark}`,
    },
  ],
  'tools/workspace.mjs': ({ many, port }) => [
    {
      what: 'API_PORTS',
      place: /const API_PORTS = \{[^}]*\};/,
      change: (text) => text.replace(/\n?\};$/, `\n  ${many}: ${port},\n};`),
    },
  ],
  'deploy/monitoring/prometheus.yml': ({ many }) => [
    {
      what: 'the comment "new:service adds its name above"',
      place: /^ *# new:service adds its name above$/,
      change: (mark) => `          - ${many}\n${mark}`,
    },
  ],
  'docker-compose.yml': (names, { hasAuth }) =>
    Object.entries(composeParts(names, hasAuth)).map(([part, added]) => ({
      what: `the comment "new:service adds its ${part} above"`,
      place: new RegExp(`^ *# new:service adds its ${part} above$`),
      change: (mark) => `${added}\n${mark}`,
    })),
};

/** The noun is not translated: `npm run new:service` knows the English one. @param {Names} names */
const resourceServer = ({ many, port }) => `  {
    identifier: 'http://localhost:${port}',
    scopes: [
      {
        name: '${many}:read',
        holder: 'user',
        en: 'See your ${many}',
        de: 'Ihre ${many} sehen',
      },
      {
        name: '${many}:write',
        holder: 'user',
        en: 'Add to your ${many}',
        de: 'Ihre ${many} ergänzen',
      },
    ],
  },`;

/** @param {Names} names @param {boolean} hasAuth */
const composeParts = ({ many, port }, hasAuth) => ({
  image: `x-${many}: &${many}
  <<: *hardened
  image: gatehouse-${many}
  build: { context: ., args: { APP: ${many} } }
  environment:
    <<: *resource-server-settings
    AUDIENCE: http://localhost:${port}
    DATABASE_URL_FILE: /run/secrets/database_url
  volumes: ['secrets-${many}:/run/secrets:ro']
`,
  secrets: `      - secrets-${many}:/secrets/${many}`,
  volume: `  secrets-${many}:`,
  migration: `  ${many}-migrate: { <<: [*migration, *${many}] }`,
  service: `  ${many}:
    <<: *${many}
    ports: ['127.0.0.1:${port}:3000']
    depends_on:
      ${many}-migrate: { condition: service_completed_successfully }
${hasAuth ? '      auth: { condition: service_healthy }\n' : ''}`,
});

/**
 * @param {string} root
 * @param {Names} names
 * @returns {{ changed: Map<string, string>, absent: string[] }} the new texts by file, and the files that the project lacks
 */
export function registrations(root, names) {
  const project = { hasAuth: existsSync(join(root, 'apps/auth')) };
  const paths = Object.keys(PLACES);
  const absent = paths.filter((path) => !existsSync(join(root, path)));
  const present = paths.filter((path) => !absent.includes(path));
  const changed = present.map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    const edits = PLACES[path](names, project);
    return /** @type {[string, string]} */ ([
      path,
      edits.reduce((changing, edit) => applyEdit(path, changing, edit), text),
    ]);
  });
  return { changed: new Map(changed), absent };
}

/**
 * @param {string} path
 * @param {string} text
 * @param {Edit} edit
 * @throws {Failure} unless the place exists, because a wrong guess could open access
 */
function applyEdit(path, text, { place, what, change }) {
  const found = new RegExp(place, 'm').exec(text)?.[0];
  if (found === undefined) {
    throw new Failure(`${path} lacks ${what}. Nothing was changed. Put it back, and try again.`);
  }
  return text.replace(found, () => change(found));
}
