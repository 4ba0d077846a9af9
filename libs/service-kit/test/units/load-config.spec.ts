import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import {
  commonSettings,
  ConfigurationError,
  durationSeconds,
  type Environment,
  flag,
  httpUrl,
  list,
  loadConfig,
  origins,
  secretSetting,
} from '../../src/index.js';

const schema = z.object({
  ...commonSettings({ port: 3001 }),
  ISSUER: httpUrl().default('http://localhost:3000').meta({ requiredInProduction: true }),
  SERVER_SECRET: secretSetting().optional().meta({ requiredInProduction: true }),
  TTL: durationSeconds({ min: 60, max: 3600, default: 300 }),
  AUDIENCES: list(z.string()).default(['orders']),
  DEMO: flag(false),
  CORS_ORIGINS: origins(),
});

function faultsOf(env: Environment): readonly string[] {
  try {
    loadConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.faults;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('loads without an environment in development', () => {
    expect(loadConfig(schema, {})).toMatchObject({
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: 3001,
      DATA_DIR: './data',
      LOG_LEVEL: 'info',
      TRUST_PROXY: false,
      TTL: 300,
    });
  });

  it('parses the values of the environment', () => {
    const env = {
      PORT: '0',
      TTL: '60',
      AUDIENCES: 'a, b  c',
      DEMO: 'true',
      DATABASE_URL: 'postgres://u:p@db/x',
    };
    expect(loadConfig(schema, env)).toMatchObject({
      PORT: 0,
      TTL: 60,
      AUDIENCES: ['a', 'b', 'c'],
      DEMO: true,
      DATABASE_URL: 'postgres://u:p@db/x',
    });
  });

  it('treats an empty value as unset', () => {
    expect(loadConfig(schema, { PORT: '', SERVER_SECRET: '' })).toMatchObject({ PORT: 3001 });
  });

  it('freezes the result at every depth', () => {
    const config = loadConfig(schema, {});
    expect(() => Object.assign(config, { PORT: 1 })).toThrow(TypeError);
    expect(() => config.AUDIENCES.push('x')).toThrow(TypeError);
  });

  it('lists all faults at once, each with the name of its setting', () => {
    const env = {
      PORT: '70000',
      TTL: 'soon',
      LOG_LEVEL: 'loud',
      ISSUER: 'ftp://x',
      DEMO: 'maybe',
      AUDIENCES: ',',
    };
    expect(faultsOf(env)).toEqual([
      'PORT: must be a whole number from 0 to 65535, not "70000"',
      'LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent, not "loud"',
      'ISSUER: must be an http or https URL, not "ftp://x"',
      'TTL: must be a whole number from 60 to 3600, not "soon"',
      'AUDIENCES: must have at least one entry, not ","',
      'DEMO: must be true or false, not "maybe"',
    ]);
  });

  it('never includes the value of a secret in a fault', () => {
    const faults = faultsOf({
      DATABASE_URL: 'mysql://root:hunter2@db',
      SERVER_SECRET: 'hunter2',
      NODE_ENV: 'production',
    });
    expect(faults.join()).toContain('DATABASE_URL: must be postgres://');
    expect(faults.join()).not.toContain('hunter2');
  });

  it('reports a missing setting as one that must be given', () => {
    const needs = z.object({ REALM: z.string(), URL: httpUrl(), COUNT: z.coerce.number() });
    expect(() => loadConfig(needs, {})).toThrow(
      /REALM: must be given\n.*URL: must be given\n.*COUNT: must be given/,
    );
  });

  it('lets a rule of the whole schema reject a default', () => {
    const rule = schema.superRefine(({ ISSUER }, context) => {
      if (ISSUER.startsWith('http:'))
        context.addIssue({ code: 'custom', path: ['ISSUER'], message: 'must be https' });
    });
    expect(() => loadConfig(rule, {})).toThrow('ISSUER: must be https');
    expect(() => loadConfig(rule, { PORT: 'x' })).toThrow(/PORT: .*\n.*ISSUER: must be https/);
  });
});

describe('loadConfig with NODE_ENV=production', () => {
  const production = { NODE_ENV: 'production', ISSUER: 'https://id.example.com' };
  const goodSecret = 'V7m0pQ2x9sKd4fLz8uWb1nRc6tYh3aEj5gIo';

  it('requires the settings that have a default in development only', () => {
    expect(faultsOf({ NODE_ENV: 'production' })).toEqual([
      'ISSUER: must be given when NODE_ENV is production',
      'SERVER_SECRET: must be given when NODE_ENV is production',
    ]);
  });

  it('accepts a secret of 32 random bytes', () => {
    expect(faultsOf({ ...production, SERVER_SECRET: goodSecret })).toEqual([]);
  });

  it.each([
    'secret',
    'changeme',
    'x'.repeat(64),
    'abc'.repeat(20),
    'changeme'.repeat(8),
    'please-change-me-before-you-deploy-this-service',
    'my-secret-that-is-quite-long-but-a-placeholder',
  ])('rejects the weak secret %s', (SERVER_SECRET) => {
    const [fault = '', ...others] = faultsOf({ ...production, SERVER_SECRET });
    expect(fault).toMatch(/^SERVER_SECRET: (must be at least 32 bytes|is a placeholder)/);
    expect(fault).not.toContain(SERVER_SECRET);
    expect(others).toEqual([]);
  });

  it('accepts a short secret in development', () => {
    expect(faultsOf({ SERVER_SECRET: 'dev' })).toEqual([]);
  });
});

describe('the setting X_FILE', () => {
  const folder = mkdtempSync(join(tmpdir(), 'settings-'));
  const file = join(folder, 'secret');

  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(['from a file', 'from a file\n', ' from a file \r\n\r\n', '\uFEFFfrom a file\t'])(
    'reads %j from the file without blanks, line ends and byte order mark around it',
    (content) => {
      writeFileSync(file, content);
      expect(loadConfig(schema, { SERVER_SECRET_FILE: file }).SERVER_SECRET).toBe('from a file');
    },
  );

  it.each(['', ' ', '\n'])('treats a file with %j as unset', (content) => {
    writeFileSync(file, content);
    expect(loadConfig(schema, { SERVER_SECRET_FILE: file }).SERVER_SECRET).toBeUndefined();
  });

  it.each([
    ['UTF-16, as PowerShell writes it', Buffer.from('\ufeffsecret\r\n', 'utf16le')],
    ['random bytes', Buffer.from([0x9c, 0xff, 0x41])],
  ])('rejects a file with %s, because its bytes would become another value', (_what, bytes) => {
    writeFileSync(file, bytes);
    const fault = `SERVER_SECRET: cannot be read: SERVER_SECRET_FILE names ${JSON.stringify(file)} (no text in UTF-8)`;
    expect(faultsOf({ SERVER_SECRET_FILE: file })).toEqual([fault]);
  });

  it('may begin with the byte order mark of UTF-8', () => {
    writeFileSync(file, '\ufeffkey\r\n');
    expect(loadConfig(schema, { SERVER_SECRET_FILE: file }).SERVER_SECRET).toBe('key');
  });

  it('rejects both X and X_FILE', () => {
    writeFileSync(file, 'from a file');
    expect(faultsOf({ SERVER_SECRET: 'direct', SERVER_SECRET_FILE: file })).toEqual([
      'SERVER_SECRET: is given twice; set SERVER_SECRET or SERVER_SECRET_FILE, not both',
    ]);
  });

  it('reports a file that cannot be read', () => {
    expect(faultsOf({ SERVER_SECRET_FILE: join(folder, 'none') })).toEqual([
      `SERVER_SECRET: cannot be read: SERVER_SECRET_FILE names "${join(folder, 'none')}" (ENOENT)`,
    ]);
  });

  it('treats an empty file as unset', () => {
    writeFileSync(file, '\n');
    expect(loadConfig(schema, { SERVER_SECRET_FILE: file }).SERVER_SECRET).toBeUndefined();
  });
});

describe('blanks and line ends around a value', () => {
  it('do not count', () => {
    const env = {
      NODE_ENV: 'test\n',
      PORT: ' 3001 ',
      ISSUER: 'http://localhost:3000\r\n',
      SERVER_SECRET: '\tkey\n',
      TTL: '60\n',
      AUDIENCES: ' orders, ,billing,\n',
      DEMO: 'true\n',
      TRUST_PROXY: ' 10.0.0.0/8, loopback,\n',
    };
    expect(loadConfig(schema, env)).toMatchObject({
      NODE_ENV: 'test',
      PORT: 3001,
      ISSUER: 'http://localhost:3000',
      SERVER_SECRET: 'key',
      TTL: 60,
      AUDIENCES: ['orders', 'billing'],
      DEMO: true,
      TRUST_PROXY: ['10.0.0.0/8', 'loopback'],
    });
  });

  it.each(['', ' ', '\n', '\t\r\n'])('alone are no value: %j', (value) => {
    const env = { ISSUER: value, SERVER_SECRET: value, SERVER_SECRET_FILE: value, TTL: value };
    expect(loadConfig(schema, env)).toMatchObject({ ISSUER: 'http://localhost:3000', TTL: 300 });
  });

  it('do not turn the rules of production off', () => {
    const secret = 'x'.repeat(40);
    expect(faultsOf({ NODE_ENV: 'production\n', SERVER_SECRET: secret })).toEqual([
      'ISSUER: must be given when NODE_ENV is production',
      expect.stringMatching(/^SERVER_SECRET: is a placeholder/),
    ]);
  });

  it('around each of several secrets do not count, nor does a comma at the end', () => {
    const strong = 'rJ3vQm0ZpX8sLk2wYt6bNc4dFg7hUe9a';
    const env = { NODE_ENV: 'production', ISSUER: 'https://auth.example.com' };
    expect(faultsOf({ ...env, SERVER_SECRET: ` ${strong} ,\n${strong},` })).toEqual([]);
    expect(faultsOf({ ...env, SERVER_SECRET: ' , ' })).toHaveLength(1);
  });
});

describe('TRUST_PROXY', () => {
  it.each([
    [undefined, false],
    ['false', false],
    ['0', false],
    ['off', false],
    ['true', true],
    ['yes', true],
    ['1', 1],
    ['3', 3],
    ['10.0.0.0/8', ['10.0.0.0/8']],
    ['loopback,linklocal uniquelocal', ['loopback', 'linklocal', 'uniquelocal']],
    ['::1, 2001:db8::/32', ['::1', '2001:db8::/32']],
  ])('reads %j', (TRUST_PROXY, value) => {
    expect(loadConfig(schema, { TRUST_PROXY }).TRUST_PROXY).toEqual(value);
  });

  it.each(['-1', '1.5', '33', '10.0.0.0/33', 'proxy.example', '10.0.0.1;10.0.0.2', ','])(
    'rejects %j with the accepted forms',
    (TRUST_PROXY) => {
      expect(faultsOf({ TRUST_PROXY })).toEqual([
        expect.stringMatching(/^TRUST_PROXY: must be false, true, a number of proxies .*, not "/),
      ]);
    },
  );
});

describe('DATABASE_URL', () => {
  const schema = z.object(commonSettings({ port: 3001 }));
  const fault = /must be postgres:\/\/user:password@host:5432\/name; in a password write # as %23/;

  it.each(['a#b', 'a/b', 'a%zz', 'a%', 'a%ff'])(
    'with the password %s is refused with the encoding that it needs, and without the password',
    (password) => {
      const load = () => loadConfig(schema, { DATABASE_URL: `postgres://u:${password}@db:5432/x` });
      expect(load).toThrow(fault);
      expect(load).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining(password) }),
      );
    },
  );

  it('may have encoded characters in the password', () => {
    const DATABASE_URL = 'postgresql://u:a%23%2F%25@db/x?sslmode=require';
    expect(loadConfig(schema, { DATABASE_URL })).toMatchObject({ DATABASE_URL });
  });
});

describe('an http URL', () => {
  it.each([
    'http://user:hunter2@auth.example',
    'http://:hunter2@auth.example',
    'http://user@auth.example',
    'http://auth.example/#x',
  ])('without use for the client of a service is refused: %s', (ISSUER) => {
    expect(faultsOf({ ISSUER })).toEqual([
      expect.stringMatching(/^ISSUER: must have neither user nor password nor fragment, not /),
    ]);
    expect(faultsOf({ ISSUER }).join()).not.toContain('hunter2');
  });

  it('prints a URL in a setting of another kind without its password', () => {
    const url = 'ftp://user:hunter2@db.example/x';
    const faults = faultsOf({ ISSUER: url, PORT: url, CORS_ORIGINS: url, TRUST_PROXY: url });
    expect(faults).toHaveLength(4);
    expect(faults.join()).not.toContain('hunter2');
  });
});

describe('CORS_ORIGINS', () => {
  it.each([
    [undefined, []],
    ['https://app.example.com', ['https://app.example.com']],
    [
      ' HTTPS://App.Example.com:443/ ,http://localhost:4001, ',
      ['https://app.example.com', 'http://localhost:4001'],
    ],
    ['capacitor://localhost ionic://localhost', ['capacitor://localhost', 'ionic://localhost']],
    ['tauri://localhost', ['tauri://localhost']],
    ['https://пример.рф', ['https://xn--e1afmkfd.xn--p1ai']],
    ['http://[::1]:3000', ['http://[::1]:3000']],
  ])('reads %j as browsers write origins', (CORS_ORIGINS, value) => {
    expect(loadConfig(schema, { CORS_ORIGINS }).CORS_ORIGINS).toEqual(value);
  });

  it.each([
    ...['*', 'null', 'app.example.com', 'https://app.example.com/path', 'https://*.example.com'],
    ...['https://a:b@example.com', 'https://app.example.com?x', 'capacitor://', 'https://'],
  ])('rejects %j', (CORS_ORIGINS) => {
    expect(faultsOf({ CORS_ORIGINS })).toEqual([
      expect.stringMatching(/^CORS_ORIGINS: must be a list of origins.* is none$/),
    ]);
  });
});
