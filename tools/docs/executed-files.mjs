/**
 * `npm run docs:paths`: counts the files of this repository that a request executes, from V8's precise coverage of the built
 * apps. The apps run in this process, and the counters are reset before each request, so start-up is not counted.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineCommand } from '../terminal/command.mjs';
import { exitCodeOf, freePort } from '../terminal/processes.mjs';
import { builtFile, ROOT } from '../workspace.mjs';
import { createBuiltApp } from './contracts.mjs';

/** @typedef {{ status: number, body: string, headers: Headers }} Answer */
/** @typedef {() => Promise<Answer>} SendRequest */
/** @typedef {{ name: string, files: string[] }} Measurement */

/** A file of an app or a library that `npm run build` wrote. */
const OUR_FILE = /^(?:apps|libs)\/[^/]+\/dist\//;
const REPETITIONS = 3;
const CLIENT = { id: 'docs-paths', redirectUri: 'https://client.example/callback' };
/** RFC 7636, appendix B. */
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';

export const command = defineCommand({
  usage: `Usage: npm run docs:paths [-- --files]   counts the files that a request executes

  --files   prints the files of each request too`,
  options: { files: { type: 'boolean', default: false } },
  run: async ({ files: withFiles }) => {
    for (const { name, files } of await measureAll()) {
      process.stdout.write(`${String(files.length).padStart(4)}  ${name}\n`);
      if (withFiles) process.stdout.write(files.map((file) => `        ${file}\n`).join(''));
    }
    // The apps keep timers and connections.
    process.exit();
  },
});

async function measureAll() {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-paths-'));
  try {
    const coverage = await startCoverage();
    return await measureIn(folder, coverage);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function startCoverage() {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  return session;
}

/** Files with at least one function that ran since the last call. @param {Session} session */
async function executedFiles(session) {
  const { result } = await session.post('Profiler.takePreciseCoverage');
  return result
    .filter(({ url }) => url.startsWith('file:'))
    .filter(({ functions }) => functions.some(({ ranges }) => ranges[0].count > 0))
    .map(({ url }) => relative(ROOT, fileURLToPath(url)).replaceAll('\\', '/'))
    .filter((path) => OUR_FILE.test(path))
    .sort();
}

/**
 * Files that every one of some requests executes. A scheduled job that runs meanwhile executes its files only once.
 *
 * @param {Session} session
 * @param {() => Promise<SendRequest>} prepare resolves with the request to measure
 * @returns {Promise<string[]>}
 */
async function filesOf(session, prepare) {
  /** @type {string[][]} */
  const runs = [];
  while (runs.length < REPETITIONS) {
    const request = await prepare();
    await executedFiles(session);
    const { status, body } = await request();
    runs.push(await executedFiles(session));
    if (status >= 400) throw new Error(`A measured request failed: ${status} ${body}`);
  }
  const [first, ...others] = runs;
  return first.filter((file) => others.every((files) => files.includes(file)));
}

/** @param {string} folder @param {Session} session @returns {Promise<Measurement[]>} */
async function measureIn(folder, session) {
  const { auth, orders } = await startApps(folder);
  const user = { email: 'reader@gatehouse.example', password: 'a long enough password to read' };
  await postJson(`${auth}/auth/register`, user);
  const logIn = () => postJson(`${auth}/auth/login`, user);
  const cookie = await signInWithBrowser(auth, user);
  const authorize = () => send(authorizationUrl(auth), { headers: { cookie } });
  const exchange = async () => postForm(`${auth}/oauth/token`, codeForm(await authorize()));
  /** @type {Record<string, () => Promise<SendRequest>>} */
  const requests = {
    'login: POST /auth/login': async () => logIn,
    'refresh: POST /auth/refresh': async () => {
      const { refresh_token } = JSON.parse((await logIn()).body);
      return () => postJson(`${auth}/auth/refresh`, { refresh_token });
    },
    'guarded GET: GET /orders, with a new token': async () => {
      const { access_token } = JSON.parse((await logIn()).body);
      return () =>
        send(`${orders}/orders`, { headers: { authorization: `Bearer ${access_token}` } });
    },
    'authorize: GET /oauth/authorize, with a browser session': async () => authorize,
    'token: POST /oauth/token, with a code': async () => {
      const form = codeForm(await authorize());
      return () => postForm(`${auth}/oauth/token`, form);
    },
    'token: POST /oauth/token, with a refresh token': async () => {
      const { refresh_token } = JSON.parse((await exchange()).body);
      const form = { grant_type: 'refresh_token', client_id: CLIENT.id, refresh_token };
      return () => postForm(`${auth}/oauth/token`, form);
    },
  };
  const measurements = [];
  for (const [name, prepare] of Object.entries(requests)) {
    measurements.push({ name, files: await filesOf(session, prepare) });
  }
  return measurements;
}

/** The token request for the code in an answer. @param {Answer} answer */
function codeForm({ headers }) {
  const code = new URL(headers.get('location') ?? '').searchParams.get('code') ?? '';
  return {
    grant_type: 'authorization_code',
    client_id: CLIENT.id,
    redirect_uri: CLIENT.redirectUri,
    code,
    code_verifier: VERIFIER,
  };
}

/** Starts auth and orders, and registers a client. @param {string} folder */
async function startApps(folder) {
  const [auth, orders] = [await freePort(), await freePort()];
  const issuer = `http://localhost:${auth}`;
  const common = { DATA_DIR: folder, LOG_LEVEL: 'silent' };
  await startApp('auth', auth, { ...common, ISSUER: issuer });
  await startApp('orders', orders, { ...common, AUTH_ISSUER: issuer, DOCS_CLIENT_ID: undefined });
  const options = [
    ...['clients', 'create', CLIENT.id, '--auth-method', 'none', '--first-party', '--json'],
    ...['--redirect-uri', CLIENT.redirectUri, '--scope', 'openid,orders:read'],
    ...['--grant', 'authorization_code,refresh_token'],
  ];
  const ops = spawn(process.execPath, [builtFile('auth', 'ops.js'), ...options], {
    env: { ...process.env, ...common, ISSUER: issuer },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if ((await exitCodeOf(ops)) !== 0) throw new Error('The client was not registered.');
  return { auth: issuer, orders: `http://localhost:${orders}` };
}

/** @param {string} app @param {number} port @param {Record<string, string | undefined>} settings */
async function startApp(app, port, settings) {
  const { service } = await createBuiltApp(app, settings);
  await service.listen(port, 'localhost');
}

/** @param {string} auth */
function authorizationUrl(auth) {
  const query = new URLSearchParams({
    client_id: CLIENT.id,
    redirect_uri: CLIENT.redirectUri,
    response_type: 'code',
    scope: 'openid orders:read',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    state: 'paths',
  });
  return `${auth}/oauth/authorize?${query}`;
}

/**
 * Signs in with the login page, and returns the cookies.
 *
 * @param {string} auth
 * @param {{ email: string, password: string }} user
 */
async function signInWithBrowser(auth, { email, password }) {
  /** @type {Map<string, string>} */
  const cookies = new Map();
  const cookie = () => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const start = authorizationUrl(auth);
  let answer = await send(start);
  for (let step = 0; step < 10; step += 1) {
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(';');
      const end = pair.indexOf('=');
      cookies.set(pair.slice(0, end), pair.slice(end + 1));
    }
    const location = answer.headers.get('location');
    if (location?.startsWith(CLIENT.redirectUri)) return cookie();
    const headers = { cookie: cookie() };
    if (location) answer = await send(new URL(location, start).href, { headers });
    else {
      const { action, fields } = formIn(answer.body);
      const form = { ...fields, login: email, password };
      answer = await postForm(new URL(action, start).href, form, headers);
    }
  }
  throw new Error('The sign-in did not reach the client.');
}

/** @param {string} page @returns {{ action: string, fields: Record<string, string> }} */
function formIn(page) {
  const [, action = ''] = /<form[^>]* action="([^"]*)"/.exec(page) ?? [];
  const hidden = [...page.matchAll(/name="(\w+)" value="([^"]*)"/g)];
  return { action, fields: Object.fromEntries(hidden.map(([, name, value]) => [name, value])) };
}

/** @param {string} url @param {RequestInit} [request] @returns {Promise<Answer>} */
async function send(url, request = {}) {
  const response = await fetch(url, { redirect: 'manual', ...request });
  return { status: response.status, body: await response.text(), headers: response.headers };
}

/** @param {string} url @param {object} json */
function postJson(url, json) {
  const headers = { 'content-type': 'application/json' };
  return send(url, { method: 'POST', headers, body: JSON.stringify(json) });
}

/** @param {string} url @param {Record<string, string>} form @param {Record<string, string>} [headers] */
function postForm(url, form, headers = {}) {
  return send(url, { method: 'POST', headers, body: new URLSearchParams(form) });
}
