import { chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { createClientKey, webClients } from '../web-clients/main.mjs';
import { ROOT, SERVICES, WEB_TOOLS } from '../workspace.mjs';
import { inFolder } from './base-images.mjs';
import { check, print, waitUntil } from './engine.mjs';
import { checkSchemas } from './kubernetes-schemas.mjs';
import { startDatabase, startIngress } from './pod-neighbours.mjs';
import { runArguments } from './pod.mjs';
import { yaml } from './stack.mjs';
import { TlsClient } from './tls-client.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */
/** @typedef {import('./pod.mjs').PodSpec} PodSpec */
/** @typedef {import('./pod.mjs').Probe} Probe */
/** @typedef {{ kind: string, metadata: { name: string }, spec: any }} Manifest */

const FOLDER = join(ROOT, 'deploy/k8s');
const PROJECT = 'gatehouse-pods';

/**
 * The pods of deploy/k8s/example, as its README says: the same images, users, read-only file systems, limits, secrets, probes and
 * steps. A proxy is the ingress; its CA is the only thing that the pods get in addition. There is no Kubernetes here, so network
 * policies, disruption budgets and rollouts are only checked by their schemas.
 *
 * @param {Engine} engine
 */
export async function checkKubernetes(engine) {
  const manifests = manifestsIn('base').concat(manifestsIn('example'));
  await checkSchemas(manifests);
  await inFolder(async (folder) => {
    const cluster = new Cluster(engine, manifests, folder);
    await cluster.delete();
    try {
      await cluster.install();
      await cluster.checkTraffic();
      await cluster.checkStop();
    } finally {
      await cluster.delete();
    }
  });
}

/** @param {string} folder @returns {Manifest[]} */
function manifestsIn(folder) {
  const files = readdirSync(join(FOLDER, folder)).filter((name) => name !== 'kustomization.yaml');
  const texts = files.map((file) => readFileSync(join(FOLDER, folder, file), 'utf8'));
  return texts.flatMap((text) =>
    yaml.parseAllDocuments(text).map((/** @type {any} */ each) => each.toJS()),
  );
}

export class Cluster {
  project = PROJECT;

  /** @param {Engine} engine @param {Manifest[]} manifests @param {string} folder for secrets */
  constructor(engine, manifests, folder) {
    this.engine = engine;
    this.manifests = manifests;
    this.folder = folder;
    const overlay = yaml.parse(readFileSync(join(FOLDER, 'example/kustomization.yaml'), 'utf8'));
    /** @type {Record<string, string[]>} */
    this.configMaps = Object.fromEntries(
      overlay.configMapGenerator.map((/** @type {any} */ { name, literals }) => [name, literals]),
    );
    /** @type {{ host: string, service: string }[]} */
    this.hosts = manifests
      .filter(({ kind }) => kind === 'Ingress')
      .flatMap(({ spec }) => spec.rules)
      .map(({ host, http }) => ({ host, service: http.paths[0].backend.service.name }));
  }

  /** The steps 2 to 6 of deploy/k8s/README.md. */
  async install() {
    await this.engine.run('network', 'create', PROJECT);
    await startDatabase(this);
    this.ca = await startIngress(this);
    this.createSecret('gatehouse-auth', 'server_secret', randomBytes(32).toString('base64url'));
    await Promise.all(['auth', 'billing'].map((app) => this.migrate(app)));
    await this.deploy('auth');
    this.createSecret('gatehouse-orders', 'client_secret', await this.createOrdersClient());
    await this.createWebClients();
    await Promise.all(['orders', 'web'].map((app) => this.migrate(app)));
    await Promise.all(SERVICES.filter((name) => name !== 'auth').map((name) => this.deploy(name)));
  }

  /** `kubectl create secret`, mounted as `defaultMode` and `fsGroup` say. @param {string} name @param {string} key @param {string} value */
  createSecret(name, key, value) {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, key), value, { mode: 0o440 });
    const job = `${name.replace('gatehouse-', '')}-migrate`;
    const { fsGroup } = this.podOf('Job', job).securityContext;
    chownSync(join(folder, key), 0, fsGroup);
  }

  /** @param {string} app */
  async migrate(app) {
    const name = await this.runPod('Job', `${app}-migrate`, 1);
    const code = await this.engine.run('wait', name);
    check(code === '0', `the job ${app}-migrate ends with 0: ${this.engine.logsOf(name)}`);
    print(`job ${app}-migrate: complete`);
  }

  /** Starts the replicas and waits for their probes as the kubelet does. @param {string} app */
  async deploy(app) {
    const { replicas } = this.find('Deployment', app).spec;
    const [container] = this.podOf('Deployment', app).containers;
    for (let replica = 1; replica <= replicas; replica++) {
      const name = await this.runPod('Deployment', app, replica);
      for (const kind of /** @type {const} */ ([
        'startupProbe',
        'livenessProbe',
        'readinessProbe',
      ])) {
        await this.passProbe(name, /** @type {Probe} */ (container[kind]));
      }
      const metrics = await this.engine.addressOf(name, 9464);
      check(await isOk(`http://${metrics}/metrics`), `${name} has metrics`);
      print(`pod ${name}: started, live, ready, with metrics`);
    }
  }

  /** @param {string} name @param {Probe} probe */
  async passProbe(name, { httpGet, periodSeconds, failureThreshold = 12 }) {
    const url = `http://${await this.engine.addressOf(name, 3000)}${httpGet.path}`;
    const timeout = periodSeconds * failureThreshold * 1000;
    await waitUntil(`${name} answers ${httpGet.path}`, timeout, () => isOk(url)).catch((error) => {
      throw new Error(`${error.message}\n${this.engine.logsOf(name)}`);
    });
  }

  /** @param {string} kind @param {string} name @param {number} replica @returns {Promise<string>} the container */
  async runPod(kind, name, replica) {
    const container = `${PROJECT}-${name}-${replica}`;
    const extra = [
      ...['--network-alias', name, '--volume', `${this.ca}:/ca/root.crt:ro`],
      ...['--env', 'NODE_EXTRA_CA_CERTS=/ca/root.crt'],
    ];
    const cluster = { configMaps: this.configMaps, secrets: this.folder, extra };
    await this.run(container, runArguments(this.podOf(kind, name), cluster));
    return container;
  }

  /** @param {string} name @param {string[]} args */
  run(name, args) {
    const place = [
      '--detach',
      '--name',
      name,
      '--label',
      `gatehouse=${PROJECT}`,
      '--network',
      PROJECT,
    ];
    return this.engine.run('run', ...place, ...args);
  }

  /** The command of the README. */
  async createOrdersClient() {
    const readme = readFileSync(join(FOLDER, 'README.md'), 'utf8');
    const [, command] =
      /^kubectl exec deploy\/auth -- (.* clients create(?:.|\\\n)*?)\n(?!\s)/m.exec(readme) ?? [];
    check(command, 'deploy/k8s/README.md creates the client of orders');
    const shell = ['exec', `${PROJECT}-auth-1`, 'sh', '-c', String(command)];
    const output = await this.engine.run(...shell);
    const [, secret] = /client_secret: +(\S+)/.exec(output) ?? [];
    check(secret, `the command prints the secret: ${output}`);
    return String(secret);
  }

  /** The keys and clients that `node tools/run.mjs web-clients` makes. */
  async createWebClients() {
    const keys = Object.fromEntries(WEB_TOOLS.map((tool) => [tool, createClientKey(tool)]));
    const addresses = Object.fromEntries(
      WEB_TOOLS.map((tool) => [tool, `https://${tool}.example.com`]),
    );
    this.createSecret('gatehouse-web', 'session_secret', randomBytes(32).toString('base64url'));
    for (const tool of WEB_TOOLS) {
      const name = `${tool.replaceAll('-', '_')}_key`;
      this.createSecret('gatehouse-web', name, JSON.stringify(keys[tool]));
    }
    const documents = JSON.stringify(webClients(addresses, keys));
    const apply = `echo '${documents}' | node dist/ops.js clients apply -`;
    await this.engine.run('exec', `${PROJECT}-auth-1`, 'sh', '-c', apply);
  }

  /** Requests through the ingress, and a token of one service for another. */
  async checkTraffic() {
    const address = await this.engine.addressOf(`${PROJECT}-ingress`, 443);
    const client = new TlsClient({ address, ca: readFileSync(String(this.ca), 'utf8') });
    for (const { host } of this.hosts) {
      const { status } = await client.send(`https://${host}/health/ready`);
      check(status === 200, `${host} is ready (status ${status})`);
    }
    const { status } = await client.send('https://orders.example.com/orders');
    check(status === 401, `orders refuses a request without a token (status ${status})`);
    client.close();
    print('the hosts of the ingress answer by https, and orders refuses a request without a token');
  }

  /** `preStop`, then SIGTERM, both within the grace period. */
  async checkStop() {
    for (const service of SERVICES) {
      const { containers, terminationGracePeriodSeconds = 30 } = this.podOf('Deployment', service);
      const name = `${PROJECT}-${service}-1`;
      const start = performance.now();
      await this.engine.run('exec', name, ...(containers[0].lifecycle?.preStop.exec.command ?? []));
      await this.engine.stop(name, terminationGracePeriodSeconds);
      const seconds = (performance.now() - start) / 1000;
      check(
        seconds < terminationGracePeriodSeconds,
        `${name} stops in time (it took ${seconds} s)`,
      );
      print(`pod ${name}: stopped in ${seconds.toFixed(1)} of ${terminationGracePeriodSeconds} s`);
    }
  }

  /** @param {string} kind @param {string} name @returns {Manifest} */
  find(kind, name) {
    const found = this.manifests.find((each) => each.kind === kind && each.metadata.name === name);
    check(found, `deploy/k8s has the ${kind} ${name}`);
    return /** @type {Manifest} */ (found);
  }

  /** @param {string} kind @param {string} name @returns {PodSpec} */
  podOf(kind, name) {
    return this.find(kind, name).spec.template.spec;
  }

  async delete() {
    await this.engine.removeAll(`gatehouse=${PROJECT}`);
    await this.engine.succeeds('network', 'rm', PROJECT);
  }
}

/** @param {string} url */
const isOk = (url) =>
  fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
