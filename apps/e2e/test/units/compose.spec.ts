import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { z } from 'zod';
import { readDocumentedSettings } from '../support/documented-settings.js';
import { appOf, SERVICES } from '../support/service-ports.js';
import { ROOT } from '../support/workspace.js';

const APPS = [...new Set(SERVICES.map(appOf))];
/** Without the folder of web, its services cannot start and are not checked. */
const isPresent = (service: string) =>
  existsSync(join(ROOT, 'apps', appOf(service.replace(/-(migrate|scaled)$/, ''))));

/** Node's own, of which no app knows. */
const NODE_SETTING = 'NODE_EXTRA_CA_CERTS';

const run = promisify(execFile);

const hardened = {
  read_only: z.literal(true),
  tmpfs: z.array(z.string()),
  mem_limit: z.string().regex(/^\d+m$/),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
};
const hardenedValues = {
  read_only: true,
  cap_drop: ['ALL'],
  security_opt: ['no-new-privileges:true'],
};
const dependsOn = z.record(
  z.string(),
  z.strictObject({ condition: z.enum(['service_healthy', 'service_completed_successfully']) }),
);
const ownHealth = z.looseObject({ disable: z.literal(true).optional() });
const anyService = {
  image: z.string(),
  restart: z.enum(['no', 'unless-stopped']),
  profiles: z.tuple([z.enum(['scale', 'monitoring'])]).optional(),
  depends_on: dependsOn.optional(),
  healthcheck: ownHealth.optional(),
  /** Nothing is there for other machines. */
  ports: z.array(z.string().startsWith('127.0.0.1:')).optional(),
  volumes: z.array(z.string()).optional(),
  command: z.array(z.string()).optional(),
};
const app = z.strictObject({
  ...anyService,
  ...hardened,
  build: z.strictObject({
    context: z.literal('.'),
    args: z.strictObject({ APP: z.enum(APPS) }),
  }),
  environment: z.record(z.string(), z.string()),
  volumes: z.array(z.string()),
  deploy: z.strictObject({ replicas: z.literal(2) }).optional(),
  stop_grace_period: z.literal('15s').optional(),
});
const proxy = z.strictObject({
  ...anyService,
  ...hardened,
  image: z.literal('caddy:2'),
  cap_add: z.tuple([z.literal('NET_BIND_SERVICE')]).optional(),
  network_mode: z.literal('none').optional(),
  networks: z.object({ default: z.object({ aliases: z.array(z.string()) }) }).optional(),
});
const file = z.object({
  services: z.record(z.string(), z.looseObject(anyService).partial()),
  volumes: z.record(z.string(), z.null()),
});

describe('docker-compose.yml', () => {
  let compose: z.infer<typeof file>;
  let apps: readonly (readonly [string, z.infer<typeof app>])[];
  let scaled: typeof apps;
  let createScript: string;

  beforeAll(async () => {
    const text = await readFile(join(ROOT, 'docker-compose.yml'), 'utf8');
    compose = file.parse(parse(text, { merge: true, maxAliasCount: -1 }));
    apps = Object.entries(compose.services)
      .filter(([name, { image }]) => image?.startsWith('gatehouse-') && isPresent(name))
      .map(([name, service]) => [name, app.parse(service)]);
    scaled = apps.filter(([, { profiles }]) => profiles);
    createScript = await readFile(join(ROOT, 'deploy', 'secrets', 'create.sh'), 'utf8');
  });

  it('gives no app a writable file system, a capability or more privileges (schema of this test)', () => {
    const names = [
      ...APPS.map((name) => `${name}-migrate`),
      ...SERVICES.flatMap((name) => [name, `${name}-scaled`]),
    ];
    expect(apps.map(([name]) => name).sort()).toEqual(names.sort());
    for (const [name, { image, build }] of apps) {
      expect(appOf(name.replace(/-(migrate|scaled)$/, ''))).toBe(build.args.APP);
      expect(image).toBe(`gatehouse-${build.args.APP}`);
    }
  });

  it('sets only known settings and passes each secret as a file that create.sh creates', async () => {
    for (const [name, { build, environment }] of apps) {
      const settings = await readDocumentedSettings(build.args.APP);
      const known = settings.filter(({ isSecret }) => !isSecret).map((each) => each.name);
      const hidden = settings.filter(({ isSecret }) => isSecret).map((each) => `${each.name}_FILE`);
      expect(hidden).toContain('DATABASE_URL_FILE');
      expect([...known, ...hidden, NODE_SETTING]).toEqual(
        expect.arrayContaining(Object.keys(environment)),
      );
      for (const [key, value] of Object.entries(environment)) {
        if (!key.endsWith('_FILE')) continue;
        const [, file] = /^\/run\/secrets\/(\w+)$/.exec(value) ?? [];
        const created = [`create ${build.args.APP}/${file} `, `create "$folder/${file}" `];
        expect([name, key, created.some((text) => createScript.includes(text))]).toEqual([
          name,
          key,
          true,
        ]);
      }
    }
  });

  it('gives each app the secrets of no other app', () => {
    for (const [, { build, volumes, environment }] of apps) {
      const secrets = volumes.filter((volume) => volume.startsWith('secrets-'));
      expect(secrets).toEqual([`secrets-${build.args.APP}:/run/secrets:ro`]);
      expect(environment['DATABASE_URL_FILE']).toBe('/run/secrets/database_url');
    }
    for (const name of ['postgres', 'roles']) {
      expect(compose.services[name]?.volumes).toContain('secrets-postgres:/run/secrets:ro');
    }
  });

  it('creates all secrets before the first service that needs one, without a network', () => {
    const { secrets, postgres, roles } = compose.services;
    expect(secrets).toMatchObject({ network_mode: 'none', ...hardenedValues });
    const targets = [...APPS, 'postgres'].map((name) => `secrets-${name}:/secrets/${name}`);
    expect(secrets?.volumes).toEqual(expect.arrayContaining(targets));
    const completed = 'service_completed_successfully';
    expect(postgres?.depends_on).toEqual({ secrets: { condition: completed } });
    expect(roles?.depends_on).toEqual({ postgres: { condition: 'service_healthy' } });
    for (const name of APPS) {
      const { depends_on } = compose.services[`${name}-migrate`] ?? {};
      expect(depends_on).toEqual({ roles: { condition: completed } });
    }
  });

  it('waits only for services of the same profile or of every profile', () => {
    for (const [name, { depends_on = {}, profiles }] of Object.entries(compose.services)) {
      for (const other of Object.keys(depends_on)) {
        expect([name, other, Object.keys(compose.services)]).toEqual([
          name,
          other,
          expect.arrayContaining([other]),
        ]);
        if (!profiles) expect(compose.services[other]?.profiles).toBeUndefined();
      }
    }
  });

  it('runs the profile `monitoring` without privileges, with read-only mounts and without a password', async () => {
    const monitoring = z.looseObject({
      ...anyService,
      ...hardened,
      environment: z.record(z.string(), z.string()).default({}),
    });
    const services = ['prometheus', 'grafana'].map((name) =>
      monitoring.parse(compose.services[name]),
    );
    const mounts = services.flatMap(({ volumes = [] }) => volumes);
    const files = mounts.filter((mount) => mount.startsWith('./'));
    expect(files).toHaveLength(4);
    for (const mount of files) {
      const [path = '', , options] = mount.split(':');
      await expect(access(join(ROOT, path))).resolves.toBeUndefined();
      expect(options).toBe('ro,z');
    }
    const { environment = {} } = services[1] ?? {};
    expect(environment).toMatchObject({
      GF_AUTH_BASIC_ENABLED: 'false',
      GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: 'true',
    });
    expect(Object.keys(environment).join()).not.toMatch(/PASSWORD|ORG_ROLE/);
  });

  describe('the compose profile `scale`', () => {
    it('runs two replicas of every app behind the proxy alone', () => {
      expect(scaled).toHaveLength(SERVICES.length);
      for (const [, { deploy, ports, stop_grace_period }] of scaled) {
        expect(deploy).toEqual({ replicas: 2 });
        expect(ports).toBeUndefined();
        expect(stop_grace_period).toBe('15s');
      }
    });

    it('runs in production mode, without demo data, with every required setting', async () => {
      for (const [, { build, environment }] of scaled) {
        if (build.args.APP === 'auth') continue;
        expect(environment['NODE_ENV']).toBe('production');
        for (const { name, isRequiredInProduction } of await readDocumentedSettings(
          build.args.APP,
        )) {
          if (!isRequiredInProduction) continue;
          expect(Object.keys(environment).map((key) => key.replace(/_FILE$/, ''))).toContain(name);
        }
      }
    });

    it('starts each app with settings that its schema accepts', async () => {
      for (const [, { build, environment }] of scaled) {
        const { APP } = build.args;
        const program = `const { ${APP}Config } = await import('./apps/${APP}/dist/${APP}.config.js'); console.log(${APP}Config(process.env).NODE_ENV)`;
        const { stdout } = await run(process.execPath, ['--input-type=module', '-e', program], {
          cwd: ROOT,
          env: Object.fromEntries(Object.entries(environment).map(readFromFile)),
        });
        expect(stdout.trim()).toBe(environment['NODE_ENV']);
      }
    });

    it('gives each app one https name that the proxy forwards to its replicas', async () => {
      const caddyfile = await readFile(join(ROOT, 'deploy', 'proxy', 'Caddyfile'), 'utf8');
      const [, hosts = ''] = /^(\S+\.localhost.*) \{$/m.exec(caddyfile) ?? [];
      const sites = hosts.split(', ');
      expect(caddyfile).toContain('dynamic a {labels.1}-scaled 3000');
      const { networks } = proxy.parse(compose.services['proxy']);
      expect([...sites].sort()).toEqual(networks?.default.aliases.sort());
      const named = scaled.map(([name, { environment }]) => {
        const url =
          environment['AUDIENCE'] ?? environment['ISSUER'] ?? environment['PUBLIC_URL'] ?? '';
        expect(url).toMatch(/^https:/);
        return [new URL(url).host, name];
      });
      const services = sites
        .map((host) => [host, `${host.split('.')[0]}-scaled`] as const)
        .filter(([, name]) => isPresent(name));
      expect(services.sort()).toEqual(named.sort());
      const issuers = scaled.flatMap(([, { environment }]) => environment['AUTH_ISSUER'] ?? []);
      expect(new Set(issuers)).toEqual(new Set(['https://auth.localhost']));
      const known = scaled.flatMap(([, { environment }]) => environment['RESOURCE_SERVERS'] ?? []);
      const identifiers = known.flatMap((text) =>
        text.split('; ').map((each) => each.split(' ')[0]),
      );
      const audiences = scaled.flatMap(([, { environment }]) => environment['AUDIENCE'] ?? []);
      expect(identifiers.sort()).toEqual(audiences.sort());
    });

    it('uses https between apps and trusts the CA of the proxy', () => {
      for (const [, { environment, volumes }] of scaled) {
        expect(JSON.stringify(environment)).not.toMatch(/http:|ALLOW_INSECURE_HTTP/);
        expect(environment[NODE_SETTING]).toBe('/trust/root.crt');
        expect(environment['TRUST_PROXY']).toBe('1');
        expect(volumes).toContain('proxy-trust:/trust:ro');
      }
    });

    it('mounts the CA key only into the proxy and into the job that copies the certificate without a network', () => {
      const holders = Object.entries(compose.services).filter(([, { volumes = [] }]) =>
        volumes.some((volume) => volume.startsWith('proxy-data:')),
      );
      expect(holders.map(([name]) => name).sort()).toEqual(['proxy', 'proxy-trust']);
      const copies = proxy.parse(compose.services['proxy-trust']);
      expect(copies.network_mode).toBe('none');
      expect(copies.cap_add).toBeUndefined();
    });
  });
});

/** What the app takes from the file of a secret, without the file. This CA file does not exist here. */
function readFromFile([name, value]: [string, string]): [string, string] {
  if (name === NODE_SETTING) return [name, ''];
  if (!name.endsWith('_FILE')) return [name, value];
  const secret = randomBytes(32).toString('base64url');
  const values: Record<string, string> = {
    DATABASE_URL_FILE: `postgres://gatehouse:${secret}@postgres:5432/gatehouse`,
    CLIENT_KEY_FILE: JSON.stringify({ kty: 'EC', crv: 'P-256', x: secret, y: secret, d: secret }),
  };
  return [name.slice(0, -'_FILE'.length), values[name] ?? secret];
}
