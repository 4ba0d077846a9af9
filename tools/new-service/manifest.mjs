import { Failure } from '../terminal/failure.mjs';
import { read } from './workspace-file.mjs';

const DEPENDENCIES = [
  '@gatehouse/guards',
  '@gatehouse/persistence',
  '@gatehouse/service-kit',
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/passport',
  '@nestjs/platform-fastify',
  '@nestjs/swagger',
  '@nestjs/typeorm',
  'fastify',
  'jwks-rsa',
  'passport',
  'passport-jwt',
  'reflect-metadata',
  'rxjs',
  'typeorm',
  'zod',
];
const DEV_DEPENDENCIES = ['@nestjs/testing', '@types/supertest', 'supertest'];

/** Scripts and versions are those of auth: they are current whenever a service is made. */
export function manifestOf(name) {
  const auth = JSON.parse(read('apps/auth/package.json'));
  const pick = (kind, packages) =>
    Object.fromEntries(packages.map((each) => [each, versionOf(auth[kind], each)]));
  const { build, serve, test, typecheck } = auth.scripts;
  return {
    name: `@gatehouse/${name}`,
    version: auth.version,
    private: true,
    type: 'module',
    nx: { name, tags: ['type:app', `scope:${name}`] },
    scripts: {
      // Auth copies a word list too.
      build: build.replace(' --copy-files', ''),
      serve: serve.replaceAll('apps/auth', `apps/${name}`),
      test,
      typecheck,
    },
    dependencies: pick('dependencies', DEPENDENCIES),
    devDependencies: pick('devDependencies', DEV_DEPENDENCIES),
  };
}

function versionOf(packages, name) {
  if (packages?.[name]) return packages[name];
  throw new Failure(`apps/auth/package.json does not name ${name}, so its version is not known.`);
}

/** The lock file as `npm install` would leave it: nothing has to be fetched, as auth uses all of it. */
export function lockWith(manifest) {
  const lock = JSON.parse(read('package-lock.json'));
  const { name, version, dependencies, devDependencies } = manifest;
  const folder = name.replace('@gatehouse/', 'apps/');
  const added = {
    [folder]: { name, version, dependencies, devDependencies },
    [`node_modules/${name}`]: { resolved: folder, link: true },
  };
  const packages = Object.entries({ ...lock.packages, ...added });
  packages.sort(([one], [other]) => one.localeCompare(other, 'en'));
  return `${JSON.stringify({ ...lock, packages: Object.fromEntries(packages) }, null, 2)}\n`;
}
