import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../terminal/processes.mjs';
import { portVariable } from '../start/settings.mjs';
import { ROOT, SERVICES } from '../workspace.mjs';
import { inFolder } from './base-images.mjs';
import { check, print } from './engine.mjs';
import { Stack } from './stack.mjs';

/** @typedef {import('./engine.mjs').Engine} Engine */

/** What Compose gives a container that has no `stop_grace_period`. */
const GRACE_SECONDS = 10;

/** Prints the facts about its process and file system that a hardened container must have. */
const FACTS = `
  const { readFileSync, readdirSync, statSync, writeFileSync } = require('node:fs');
  const { createHash } = require('node:crypto');
  const status = readFileSync('/proc/1/status', 'utf8');
  const write = (file) => { try { writeFileSync(file, ''); return 'written'; } catch ({ code }) { return code; } };
  const secrets = readdirSync('/run/secrets').map((name) => {
    const { uid, mode } = statSync('/run/secrets/' + name);
    const hash = createHash('sha256').update(readFileSync('/run/secrets/' + name)).digest('hex');
    return { name, uid, mode: (mode & 0o777).toString(8), hash };
  });
  console.log(JSON.stringify({
    uid: process.getuid(),
    capabilities: /CapEff:\\s*0*([0-9a-f]+)/.exec(status)[1],
    noNewPrivileges: /NoNewPrivs:\\s*(\\d)/.exec(status)[1],
    writes: [write('/gatehouse/file'), write('/run/secrets/file')],
    secrets,
  }));
`;

/**
 * The whole stack on PostgreSQL, from nothing: no command runs before `up`.
 *
 * @param {Engine} engine
 */
export async function checkCompose(engine) {
  const stack = new Stack({ engine, project: 'gatehouse-check' });
  await stack.down();
  try {
    await stack.up(...SERVICES);
    const facts = await checkHardening(stack);
    await runDemo(stack);
    await checkSecondStart(stack, facts);
    await checkStop(stack);
  } finally {
    await stack.down();
  }
}

/** @param {Stack} stack */
async function checkHardening(stack) {
  const all = [];
  for (const app of SERVICES) {
    const [container] = stack.containersOf(app);
    const facts = JSON.parse(await stack.engine.evaluate(container, FACTS));
    /** @type {{ secrets: { name: string, uid: number, mode: string }[] }} */
    const { secrets, ...process } = facts;
    const expected = {
      uid: 1000,
      capabilities: '0',
      noNewPrivileges: '1',
      writes: ['EROFS', 'EROFS'],
    };
    check(
      JSON.stringify(process) === JSON.stringify(expected),
      `${app} is hardened: ${JSON.stringify(process)}`,
    );
    for (const { name, uid, mode } of secrets) {
      check(uid === 1000 && mode === '400', `only ${app} can read ${name}: ${uid} ${mode}`);
    }
    const memory = await stack.engine.inspect(container, '{{.HostConfig.Memory}}');
    check(memory === String(512 * 2 ** 20), `${app} has at most 512 MB (it has ${memory} bytes)`);
    print(
      `${app}: uid 1000, no capability, read-only, 512 MB; ${secrets.map(({ name }) => name).join(', ')}`,
    );
    all.push(secrets);
  }
  return all;
}

/** `npm run demo` as docs/docker.md says, with the credentials that the stack created. @param {Stack} stack */
async function runDemo(stack) {
  const [auth] = stack.containersOf('auth');
  const credentials = await stack.engine.run('exec', auth, 'cat', '/run/secrets/demo.env');
  const ports = {};
  for (const name of SERVICES) {
    const address = await stack.engine.addressOf(stack.containersOf(name)[0], 3000);
    Object.assign(ports, { [portVariable(name)]: address.split(':')[1] });
  }
  await inFolder(async (folder) => {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'demo.env'), credentials);
    const env = { ...process.env, ...ports, DATA_DIR: folder };
    const output = await run('npm run demo', ['npm', 'run', 'demo'], { cwd: ROOT, env });
    print(output.trim().split('\n').at(-1) ?? '');
  });
}

/** @param {Stack} stack @param {unknown} before */
async function checkSecondStart(stack, before) {
  const again = Object.keys(stack.services).filter((name) =>
    /^(secrets|roles)$|-migrate$/.test(name),
  );
  for (const name of again) {
    for (const container of stack.containersOf(name)) await stack.engine.run('start', container);
    await stack.waitFor(name, 'service_completed_successfully');
  }
  const after = await checkHardening(stack);
  check(JSON.stringify(before) === JSON.stringify(after), 'a second start keeps the secrets');
  print('a second start keeps the secrets, the roles and the tables');
}

/** @param {Stack} stack */
async function checkStop(stack) {
  for (const app of SERVICES) {
    const seconds = await stack.engine.stop(stack.containersOf(app)[0], GRACE_SECONDS);
    check(seconds < GRACE_SECONDS, `${app} stops within ${GRACE_SECONDS} s (it took ${seconds} s)`);
    print(`${app}: stopped in ${seconds.toFixed(1)} s with exit code 0`);
  }
}
