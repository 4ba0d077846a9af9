import { edited, read } from './workspace-file.mjs';

/** Where a service has to be known, beside its own folder: file by file, the places and what becomes of them. */
const PLACES = {
  'apps/auth/src/auth.config.ts': ({ many, port }) => [
    {
      what: "DEMO_RESOURCE_SERVERS, a string of lines joined by '+'",
      place: /const DEMO_RESOURCE_SERVERS =\n(?: {2}'[^'\n]*' \+\n)* {2}'[^'\n]*';/,
      change: (text) =>
        text.replace(/';$/, `; ' +\n  'http://localhost:${port} ${many}:read ${many}:write';`),
    },
    {
      what: "the default of FIRST_PARTY_SCOPE, .prefault('…')",
      place: /FIRST_PARTY_SCOPE: list\(z\.string\(\)\)\s+\.prefault\(\s*'[^']*',?\s*\)/,
      change: (text) => text.replace(/',?\s*\)$/, ` ${many}:read ${many}:write')`),
    },
  ],
  'tools/workspace.mjs': ({ many, port }) => [
    {
      what: 'DEFAULT_PORTS',
      place: /export const DEFAULT_PORTS = \{[^}]*\};/,
      change: (text) => text.replace(/,?\s*\};$/, `, ${many}: ${port} };`),
    },
  ],
  Dockerfile: ({ many }) => [
    {
      what: 'the manifest of e2e',
      place: /^COPY apps\/e2e\/package\.json .*$/,
      change: (text) => `COPY apps/${many}/package.json apps/${many}/\n${text}`,
    },
  ],
  'docker-compose.yml': (names) =>
    Object.entries(composeParts(names)).map(([part, added]) => ({
      what: `the comment "new:service adds its ${part} above"`,
      place: new RegExp(`^ *# new:service adds its ${part} above$`),
      change: (mark) => `${added}\n${mark}`,
    })),
};

const composeParts = ({ many, port }) => ({
  image: `x-${many}: &${many}
  <<: *hardened
  image: gatehouse-${many}
  build: { context: ., args: { APP: ${many} } }
  environment:
    <<: *resource-server-settings
    AUDIENCE: http://localhost:${port}
  secrets: [database_url]
`,
  migration: `  ${many}-migrate: { <<: [*one-off, *${many}] }`,
  service: `  ${many}:
    <<: *${many}
    ports: ['127.0.0.1:${port}:3000']
    depends_on:
      ${many}-migrate: { condition: service_completed_successfully }
      auth: { condition: service_healthy }
`,
});

/** @returns {Map<string, string>} the texts of the files as they will be */
export function registrations(names) {
  return new Map(
    Object.entries(PLACES).map(([path, placesFor]) => [
      path,
      placesFor(names).reduce((text, edit) => edited(path, text, edit), read(path)),
    ]),
  );
}
