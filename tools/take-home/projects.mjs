/**
 * A service that takes the guards home.
 *
 * @typedef {object} Project
 * @property {'11' | '12'} nest
 * @property {'express' | 'fastify'} platform
 * @property {'esm' | 'cjs'} modules what its TypeScript becomes
 * @property {'copy' | 'package'} by
 * @property {string[]} [copyOptions] of `guards:copy`
 * @property {'jest' | 'vitest'} [testRunner] its copied tests are compiled too, and some of them run. It is as half strict as
 *   `nest new` makes it; the others have `--strict`
 * @property {boolean} [isLegacy] not strict, and compiled as the starters of Nest 10 were
 */

const NO_TESTS = ['--no-tests'];
/** Every transport, to see it compile; the packages that their tests need are many. */
const ALL = ['--all', '--no-tests'];

/** @type {Project[]} */
export const PROJECTS = [
  { nest: '11', platform: 'express', modules: 'cjs', by: 'copy', testRunner: 'jest' },
  { nest: '11', platform: 'express', modules: 'esm', by: 'copy', copyOptions: NO_TESTS },
  { nest: '11', platform: 'fastify', modules: 'cjs', by: 'copy', copyOptions: ALL },
  { nest: '11', platform: 'fastify', modules: 'esm', by: 'copy', copyOptions: ALL },
  { nest: '11', platform: 'express', modules: 'cjs', by: 'copy', copyOptions: ALL, isLegacy: true },
  { nest: '11', platform: 'express', modules: 'cjs', by: 'package' },
  { nest: '12', platform: 'express', modules: 'esm', by: 'copy', testRunner: 'vitest' },
  { nest: '12', platform: 'express', modules: 'cjs', by: 'copy', copyOptions: NO_TESTS },
  { nest: '12', platform: 'fastify', modules: 'esm', by: 'copy', copyOptions: ALL },
  { nest: '12', platform: 'fastify', modules: 'cjs', by: 'copy', copyOptions: ALL },
  { nest: '12', platform: 'fastify', modules: 'esm', by: 'package' },
];

/** Also the name of its folder: `express-cjs-copy`. */
export function nameOf({ platform, modules, by, isLegacy }) {
  return [platform, modules, by, ...(isLegacy ? ['legacy'] : [])].join('-');
}

/** For people: `Nest 11, Express, CommonJS, copied`. */
export function describe({ nest, platform, modules, by, isLegacy }) {
  const words = [
    `Nest ${nest}`,
    platform === 'express' ? 'Express' : 'Fastify',
    modules === 'esm' ? 'ES modules' : 'CommonJS',
    by === 'copy' ? 'copied' : 'packaged',
    ...(isLegacy ? ['not strict'] : []),
  ];
  return words.join(', ');
}
