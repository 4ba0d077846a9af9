import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Failure } from '../terminal/command.mjs';
import { ROOT } from '../workspace.mjs';
import { print, waitUntil } from './engine.mjs';
import { podmanArguments } from './podman-arguments.mjs';

/** @typedef {import('./podman-arguments.mjs').Service} Service */

/** The tests of the manifests use this package. */
export const yaml = createRequire(join(ROOT, 'apps/e2e/package.json'))('yaml');

const HEALTHY_TIMEOUT_MS = 120_000;

/**
 * The services of docker-compose.yml. Docker starts them by `docker compose up`. Podman has no Compose of its own, and Debian's
 * podman-compose 1.0 has no conditions, profiles and network aliases: there this class starts them in the order of `depends_on`.
 */
export class Stack {
  /** @param {{ engine: import('./engine.mjs').Engine, project: string, profile?: string }} options */
  constructor({ engine, project, profile }) {
    this.engine = engine;
    this.project = project;
    this.profile = profile;
    const file = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8');
    const all = yaml.parse(file, { merge: true, maxAliasCount: -1 }).services;
    /** @type {Record<string, Service>} */
    this.services = Object.fromEntries(
      Object.entries(all).filter(
        ([, { profiles }]) =>
          !profiles || profiles.some((/** @type {string} */ each) => each === profile),
      ),
    );
    /** @type {Map<string, Promise<void>>} */
    this.starts = new Map();
  }

  /** @param {string[]} names started with all that they depend on */
  async up(...names) {
    if (this.engine.name === 'docker') {
      await this.compose('up', '--detach', '--wait', ...names);
      return;
    }
    await this.engine.run('network', 'create', '--ignore', this.project).catch(() => {
      return this.engine.run('network', 'create', this.project);
    });
    const starts = names.map((name) => this.start(name));
    // After a failure, `down` must not overtake the other starts.
    await Promise.allSettled(starts);
    await Promise.all(starts);
    await Promise.all(names.map((name) => this.waitFor(name, 'service_healthy')));
  }

  /** @param {string[]} args */
  compose(...args) {
    const profile = this.profile ? ['--profile', this.profile] : [];
    return this.engine.run('compose', '--project-name', this.project, ...profile, ...args);
  }

  /** @param {string} name @returns {Promise<void>} */
  start(name) {
    const start = this.starts.get(name) ?? this.startAfterOthers(name);
    this.starts.set(name, start);
    return start;
  }

  /** @param {string} name */
  async startAfterOthers(name) {
    const service = this.services[name];
    const others = Object.entries(service.depends_on ?? {});
    await Promise.all(
      others.map(async ([other, { condition }]) => {
        await this.start(other);
        await this.waitFor(other, condition);
      }),
    );
    for (const container of this.containersOf(name)) {
      const args = podmanArguments(service, { name, project: this.project });
      await this.engine.run('run', '--detach', '--name', container, ...args);
    }
    print(`${this.project}: started ${name}`);
  }

  /** @param {string} name @param {string} condition of Compose */
  async waitFor(name, condition) {
    for (const container of this.containersOf(name)) {
      if (condition === 'service_completed_successfully') await this.waitForEnd(container);
      else await this.waitForHealth(container, name);
    }
  }

  /** @param {string} container */
  async waitForEnd(container) {
    const code = await this.engine.run('wait', container);
    if (code === '0') return;
    throw new Failure(`${container} exited with ${code}:\n${this.engine.logsOf(container)}`);
  }

  /** @param {string} container @param {string} name */
  async waitForHealth(container, name) {
    const check = await this.healthCheckOf(container, name);
    const isHealthy = () => this.engine.succeeds('exec', container, ...check);
    await waitUntil(`${container} is healthy`, HEALTHY_TIMEOUT_MS, isHealthy).catch(
      async (error) => {
        throw new Failure(`${error.message}\n${this.engine.logsOf(container)}`);
      },
    );
  }

  /** The command of the Compose file, or that of the image. @param {string} container @param {string} name @returns {Promise<string[]>} */
  async healthCheckOf(container, name) {
    const { test } = this.services[name].healthcheck ?? {};
    if (test) return test.slice(1);
    return JSON.parse(
      await this.engine.inspect(container, '{{json .Config.Healthcheck.Test}}'),
    ).slice(1);
  }

  /** @param {string} name @returns {string[]} */
  containersOf(name) {
    const replicas = this.services[name].deploy?.replicas ?? 1;
    return Array.from({ length: replicas }, (_, at) => `${this.project}-${name}-${at + 1}`);
  }

  /** Stops all containers and deletes them with their volumes. */
  async down() {
    if (this.engine.name === 'docker') return void (await this.compose('down', '--volumes'));
    await this.engine.removeAll(`gatehouse=${this.project}`);
    const prefix = ['--filter', `name=^${this.project}_`];
    const volumes = await this.engine.run('volume', 'ls', '--quiet', ...prefix);
    if (volumes) await this.engine.run('volume', 'rm', ...volumes.split('\n'));
    await this.engine.succeeds('network', 'rm', this.project);
    this.starts.clear();
  }
}
