import { dropJson, dropLines } from '../edits.mjs';

const GUARDS = 'libs/guards';
const PACKAGES = [
  ...[
    '@apollo/server',
    '@apollo/subgraph',
    '@as-integrations/express5',
    '@as-integrations/fastify',
  ],
  ...['@nestjs/apollo', '@nestjs/graphql', 'graphql-ws'],
];

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Guards for GraphQL',
  paths: [
    `${GUARDS}/docs/graphql.md`,
    `${GUARDS}/src/graphql`,
    `${GUARDS}/test/flows/graphql`,
    `${GUARDS}/test/flows/passport/graphql.slow.spec.ts`,
    `${GUARDS}/test/support/graphql-client.ts`,
    `${GUARDS}/test/support/guarded-graph.ts`,
    `${GUARDS}/test/units/graphql-socket-expiry.spec.ts`,
  ],
  edits: [
    dropJson(
      `${GUARDS}/package.json`,
      ['exports', './graphql'],
      ['peerDependencies', 'graphql'],
      ['peerDependenciesMeta', 'graphql'],
      ['devDependencies', 'graphql'],
    ),
    dropJson(`${GUARDS}/test/package.json`, ...PACKAGES.map((name) => ['dependencies', name])),
    dropLines(`${GUARDS}/test/units/answer-headers.property.spec.ts`, /graphql|buildHttpResponse/),
    dropLines('.dependency-cruiser.mjs', /^ {2}graphql:/),
    dropLines('apps/e2e/test/upstream/boundaries.slow.spec.ts', /'graphql'\],$/),
    dropLines('tools/guards-copy/parts.mjs', /^ {2}graphql:/),
  ],
};
