import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTools } from '../support/create-tools.js';
import { ROOT } from '../support/workspace.js';

const tools = await createTools();
const { completeChoices } = tools;

describe('the choices of npm run create', () => {
  it.each<[string, object, RegExp]>([
    ['a name with capitals', { name: 'Acme' }, /name: .*such as acme.*not "Acme"/],
    ['the name of the starter', { name: 'gatehouse' }, /name: "gatehouse" is taken/],
    ['a scope without @', { scope: 'acme' }, /scope: .*such as @acme, not "acme"/],
    ['a service of two words', { services: ['my parcels'] }, /services: .*not "my parcels"/],
    ['a service with a taken name', { services: ['auth'] }, /services: .*not "auth"/],
    ['no service', { services: [] }, /services: name at least one/],
    ['an unknown issuer of tokens', { auth: 'mine' }, /auth: own or external, not "mine"/],
    ['an external issuer without its address', { auth: 'external' }, /issuer: .*not ""/],
    ['an issuer by http', { auth: 'external', issuer: 'http://a.example' }, /issuer: .*https/],
    [
      'an issuer beside the own server',
      { issuer: 'https://a.example' },
      /only with --auth external/,
    ],
    ['an unknown database', { database: 'mysql' }, /database: sqlite or postgres, not "mysql"/],
    ['an unknown part', { parts: ['ldap'] }, /parts: "ldap" is unknown\. There are: dpop/],
    ['web without the samples', { parts: ['web'] }, /parts: web shows orders.*Keep the samples/],
    ['an unknown choice', { service: 'x' }, /Unknown choice "service"/],
  ])('names the value and a right one for %s', (_what, given, message) => {
    expect(() => completeChoices({ name: 'acme', ...given })).toThrow(message);
  });

  it('adds the token exchange to the samples, because orders calls billing for a user', () => {
    const { parts } = completeChoices({ name: 'acme', samples: true, parts: ['web'] });

    expect(parts).toEqual(['token-exchange', 'jobs', 'web']);
  });

  it('names all faults at once', () => {
    expect(() => completeChoices({ name: 'acme', services: [], database: 'x' })).toThrow(
      /^services: .*\ndatabase: /,
    );
  });
});

describe('npm run new:service', () => {
  it.each<[string, string, object, RegExp]>([
    ['two words', 'two words', {}, /one word/],
    ['a path', '../up', {}, /one word/],
    ['a vague name', 'shared', {}, /does not say/],
    ['the name of an app', 'orders', {}, /apps\/orders exists/],
    ['the name of a library', 'guards', {}, /libs\/guards exists/],
    ['a class of the template', 'modules', {}, /Module/],
    ['the port of another app', 'parcels', { port: '3001' }, /that of orders/],
    ['a port that is no number', 'parcels', { port: 'many' }, /--port must be/],
    ['an issuer that ends a string', 'parcels', { issuer: "https://a.example/'" }, /quotes/],
  ])('refuses %s and changes nothing', (_what, name, options, reason) => {
    expect(() => tools.addService(ROOT, name, options)).toThrow(reason);
  });
});

describe('the names of a project', () => {
  const names = { name: 'acme-shop', scope: '@acme' };

  it.each([
    ["import x from '@gatehouse/guards';", "import x from '@acme/guards';"],
    ['image: gatehouse-auth', 'image: acme-shop-auth'],
    ["title: 'Gatehouse: auth'", "title: 'Acme Shop: auth'"],
    ['dropdb gatehouse_restored', 'dropdb acme-shop_restored'],
    ['ada@gatehouse.example', 'ada@gatehouse.example'],
    ['https://auth.gatehouse.example', 'https://auth.gatehouse.example'],
    ['.gatehouse.json', '.gatehouse.json'],
  ])('replaces the names in %s where they name the product', (text, expected) => {
    expect(tools.renamed(text, names)).toBe(expected);
  });

  it('joins an import that fits on one line, and splits one that does not', () => {
    const short = "import {\n  one,\n  other,\n} from '@a/b';\n";
    const long = `import { ${'x'.repeat(50)}, ${'y'.repeat(50)} } from '@a/b';\n`;

    expect(tools.withImportsOfWidth(short)).toBe("import { one, other } from '@a/b';\n");
    expect(tools.withImportsOfWidth(long)).toBe(
      `import {\n  ${'x'.repeat(50)},\n  ${'y'.repeat(50)},\n} from '@a/b';\n`,
    );
  });
});

describe('the lock file of a project', () => {
  it('keeps every package and mark of npm when no package leaves', () => {
    const text = readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
    const { packages } = JSON.parse(text);
    const folders = Object.keys(packages).filter((place) => !place.includes('node_modules'));
    const manifests = folders
      .filter((folder) => existsSync(join(ROOT, folder, 'package.json')))
      .map((folder): [string, object] => [
        folder,
        JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')),
      ]);

    expect(JSON.parse(tools.lockFileFor(text, new Map(manifests))).packages).toEqual(packages);
  });
});
