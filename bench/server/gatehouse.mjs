import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { bootGatehouse, newServerSecret } from '../auth/gatehouse.mjs';
import { EMAILS, PASSWORD, REDIRECT_URI } from './plan.mjs';

/** @typedef {import('../types.js').Options} Options */
/** @typedef {import('../types.js').Place} Place */

const OPS = fileURLToPath(new URL('../../apps/auth/dist/ops.js', import.meta.url));

/** ID tokens are signed as the peer signs them. */
const SETTINGS = { ID_TOKEN_ALGORITHM: 'ES256' };

const WEB = ['--auth-method', 'none', '--redirect-uri', REDIRECT_URI, '--first-party'];
const ORDERS = ['--resource-server', 'http://localhost:3001'];

/**
 * Starts auth with the accounts and clients of the suite.
 *
 * @param {Place} place
 * @param {string[]} [emails]
 */
export async function startGatehouse(place, emails = EMAILS) {
  const serverSecret = newServerSecret();
  const settings = { ...place.settings, ...SETTINGS };
  const server = await bootGatehouse({ ...place, serverSecret, settings });
  const { dataDir, port } = server;
  const env = {
    ...SETTINGS,
    DATA_DIR: dataDir,
    SERVER_SECRET: serverSecret,
    ISSUER: 'http://localhost:3000',
    ...(place.databaseUrl && { DATABASE_URL: place.databaseUrl }),
  };
  const grants = ['--grant', 'authorization_code,refresh_token'];
  ops(env, 'bench-web', ['--scope', 'openid,orders:read,orders:write', ...grants, ...WEB]);
  const service = ops(env, 'bench-service', ['--scope', 'orders:read', ...ORDERS]);
  for (const email of emails) await register(port, email);
  return {
    ...server,
    authorizePath: '/oauth/authorize',
    introspectionPath: '/oauth/introspect',
    codeClient: { id: 'bench-web', redirectUri: REDIRECT_URI },
    service,
    introspector: service,
  };
}

/**
 * @param {Record<string, string>} env
 * @param {string} id
 * @param {string[]} options
 */
function ops(env, id, options) {
  const words = [OPS, 'clients', 'create', id, ...options, '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`ops clients create ${id}: ${stderr}`);
  return { id, secret: JSON.parse(stdout).clientSecret };
}

/** @param {number} port @param {string} email */
async function register(port, email) {
  const answer = await fetch(`http://127.0.0.1:${port}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password: PASSWORD }),
  });
  if (!answer.ok) throw new Error(`register: ${answer.status} ${await answer.text()}`);
}
