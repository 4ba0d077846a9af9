import { dropBlock, dropJson, dropLines } from '../edits.mjs';

const GUARDS = 'libs/guards';
const PACKAGES = [
  ...['@nestjs/passport', '@types/passport', '@types/passport-jwt', 'passport', 'passport-jwt'],
];

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: "AuthGuard('jwt') of passport, verified by the guards",
  paths: [
    `${GUARDS}/docs/passport.md`,
    `${GUARDS}/src/passport`,
    `${GUARDS}/test/flows/passport`,
    `${GUARDS}/test/support/passport-app.ts`,
    `${GUARDS}/test/units/passport-contract.spec.ts`,
  ],
  edits: [
    dropJson(
      `${GUARDS}/package.json`,
      ['exports', './passport'],
      ...['@nestjs/passport', 'passport'].flatMap((name) => [
        ['peerDependencies', name],
        ['peerDependenciesMeta', name],
      ]),
    ),
    dropJson(`${GUARDS}/test/package.json`, ...PACKAGES.map((name) => ['dependencies', name])),
    dropJson('tsconfig.base.json', ['compilerOptions', 'paths']),
    dropLines('.dependency-cruiser.mjs', /^ {2}passport:/),
    dropBlock('tools/guards-copy/parts.mjs', /^ {2}passport: \{/, /^ {2}\},/),
  ],
};
