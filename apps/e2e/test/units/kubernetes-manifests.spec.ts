import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { readDocumentedSettings } from '../support/documented-settings.js';
import { appOf, SERVICES } from '../support/service-ports.js';
import { ROOT } from '../support/workspace.js';

/** The user `node` of the image. Kubernetes mounts secrets for its group, because other users cannot read mode 0440. */
const USER = 1000;

const FOLDER = join(ROOT, 'deploy', 'k8s');
const APPS = [...new Set(SERVICES.map(appOf))];
/** The manifest of an app whose folder is missing. */
const ABSENT = ['web.yaml'].filter((file) => !APPS.includes(basename(file, '.yaml')));

const setting = z.object({ name: z.string(), value: z.string() });
const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.literal('http') }) });
const container = z.object({
  name: z.string(),
  image: z.string(),
  command: z.array(z.string()).optional(),
  envFrom: z.array(z.object({ configMapRef: z.object({ name: z.string() }) })),
  env: z.array(setting),
  volumeMounts: z.array(z.object({ mountPath: z.string(), readOnly: z.boolean().optional() })),
  startupProbe: probe.optional(),
  livenessProbe: probe.optional(),
  readinessProbe: probe.optional(),
  resources: z.object({ limits: z.object({ memory: z.string() }) }),
  securityContext: z.object({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.object({ drop: z.tuple([z.literal('ALL')]) }),
  }),
});
const pod = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()) }),
  spec: z.object({
    automountServiceAccountToken: z.literal(false),
    securityContext: z.object({
      runAsNonRoot: z.literal(true),
      runAsUser: z.literal(USER),
      runAsGroup: z.literal(USER),
      fsGroup: z.literal(USER),
    }),
    containers: z.tuple([container]),
    volumes: z.array(z.object({ secret: z.object({ secretName: z.string() }).optional() })),
  }),
});
const workload = z.object({
  kind: z.enum(['Deployment', 'Job']),
  metadata: z.object({ name: z.string() }),
  spec: z.object({ template: pod, replicas: z.int().optional() }),
});
const resource = z.object({
  kind: z.string(),
  metadata: z.object({ name: z.string() }).optional(),
});
type Resource = z.infer<typeof resource>;

describe('Kubernetes manifests', () => {
  let resources: readonly Resource[];
  let workloads: readonly z.infer<typeof workload>[];
  let example: string;

  beforeAll(async () => {
    const files = (await readdir(join(FOLDER, 'base'))).filter(
      (file) => file !== 'kustomization.yaml' && !ABSENT.includes(file),
    );
    const texts = await Promise.all(
      files.map((file) => readFile(join(FOLDER, 'base', file), 'utf8')),
    );
    resources = texts.flatMap(parse).map((each) => resource.loose().parse(each));
    workloads = resources
      .filter(({ kind }) => kind === 'Deployment' || kind === 'Job')
      .map((each) => workload.parse(each));
    example = await readFile(join(FOLDER, 'example', 'kustomization.yaml'), 'utf8');
  });

  it('names every manifest in the base and gives each app all manifests that it needs', async () => {
    const kustomization = await readFile(join(FOLDER, 'base', 'kustomization.yaml'), 'utf8');
    const [base] = parse(kustomization);
    const { resources: named } = z
      .object({ resources: z.array(z.string()) })
      .loose()
      .parse(base);
    expect((await readdir(join(FOLDER, 'base'))).sort()).toEqual(
      [...named, 'kustomization.yaml'].sort(),
    );
    for (const app of SERVICES) {
      const kinds = resources
        .filter(({ metadata }) => metadata?.name === app)
        .map(({ kind }) => kind);
      expect(kinds.sort()).toEqual(['Deployment', 'PodDisruptionBudget', 'Service']);
    }
    for (const app of APPS) {
      expect(resources).toContainEqual(
        expect.objectContaining({
          kind: 'Job',
          metadata: expect.objectContaining({ name: `${app}-migrate` }),
        }),
      );
    }
  });

  it('runs no container as root, with a writable file system, a capability or a cluster token (schema of this test)', () => {
    expect(workloads).toHaveLength(SERVICES.length + APPS.length);
  });

  it('selects the pods of the named app with each selector', () => {
    for (const { kind, metadata, ...rest } of resources) {
      if (!['Deployment', 'Service', 'PodDisruptionBudget'].includes(kind)) continue;
      const { spec } = z.object({ spec: z.object({ selector: z.looseObject({}) }) }).parse(rest);
      const labels = { 'app.kubernetes.io/name': metadata?.name };
      expect(spec.selector).toEqual(kind === 'Service' ? labels : { matchLabels: labels });
    }
    for (const { metadata, spec } of workloads) {
      expect(spec.template.metadata.labels['app.kubernetes.io/name']).toBe(metadata.name);
    }
  });

  it('probes the health endpoints of the service', () => {
    for (const { kind, spec } of workloads) {
      const [{ startupProbe, livenessProbe, readinessProbe }] = spec.template.spec.containers;
      const paths = [startupProbe, livenessProbe, readinessProbe].map((each) => each?.httpGet.path);
      if (kind === 'Deployment')
        expect(paths).toEqual(['/health/live', '/health/live', '/health/ready']);
    }
  });

  it('sets only known settings and passes each secret as a file', async () => {
    const known = await listAllSettings();
    for (const { spec } of workloads) {
      const [{ env, image }] = spec.template.spec.containers;
      for (const { name, value } of env) {
        const isFile = name.endsWith('_FILE');
        expect(known).toContain(isFile ? name.slice(0, -'_FILE'.length) : name);
        if (isFile) expect(value).toMatch(/^\/run\/secrets\/\w+$/);
      }
      const secrets = spec.template.spec.volumes.flatMap(({ secret }) => secret?.secretName ?? []);
      expect(secrets).toEqual([image]);
    }
    const literals = [...example.matchAll(/^ +- ([A-Z_]+)=/gm)].map(([, name]) => name);
    expect(literals.length).toBeGreaterThan(5);
    for (const name of literals) expect(known).toContain(name);
    expect(example).not.toMatch(/SECRET|PASSWORD|DATABASE_URL/);
  });

  it('sets every setting that production requires', async () => {
    const maps = z
      .looseObject({
        configMapGenerator: z.array(z.object({ name: z.string(), literals: z.array(z.string()) })),
      })
      .parse(parse(example)[0]).configMapGenerator;
    for (const { kind, spec } of workloads) {
      if (kind !== 'Deployment') continue;
      const [{ env, envFrom, image }] = spec.template.spec.containers;
      const map = envFrom[0]?.configMapRef.name;
      const literals = maps.find(({ name }) => name === map)?.literals ?? [];
      const given = [...env.map(({ name }) => name), ...literals.map((text) => text.split('=')[0])];
      for (const name of await listSettingsRequiredInProduction(image.replace('gatehouse-', ''))) {
        expect(given.includes(name) || given.includes(`${name}_FILE`)).toBe(true);
      }
    }
  });

  it('denies all traffic that no network policy names', () => {
    const policies = resources.filter(({ kind }) => kind === 'NetworkPolicy');
    const closing = z.looseObject({
      spec: z.strictObject({
        podSelector: z.strictObject({ matchLabels: z.record(z.string(), z.string()) }),
        policyTypes: z.tuple([z.literal('Ingress'), z.literal('Egress')]),
      }),
    });
    const nothing = policies.find(({ metadata }) => metadata?.name === 'gatehouse-nothing');
    expect(closing.safeParse(nothing).success).toBe(true);
  });
});

const parse = (text: string): unknown[] =>
  parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as unknown;
  });

async function listSettingsRequiredInProduction(app: string): Promise<readonly string[]> {
  const settings = await readDocumentedSettings(app);
  const required = settings.filter(({ isRequiredInProduction }) => isRequiredInProduction);
  expect(required.length).toBeGreaterThan(1);
  return required.map(({ name }) => name);
}

async function listAllSettings(): Promise<readonly string[]> {
  // The example also configures an app whose folder is missing.
  const settings = await Promise.all([...APPS, 'web'].map(readDocumentedSettings));
  return settings.flat().map(({ name }) => name);
}
