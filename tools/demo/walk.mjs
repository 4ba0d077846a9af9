import { randomBytes } from 'node:crypto';
import { urlsOf } from '../stack/addresses.mjs';
import { Failure } from '../terminal/failure.mjs';
import { send } from './call.mjs';
import { demoCredentials } from './credentials.mjs';

/** Where the apps are, who walks, and what was picked up on the way. */
export class Walk {
  /** Somebody new each time, so that the demo can be run again. */
  person = {
    email: `walker-${randomBytes(4).toString('hex')}@gatehouse.example`,
    password: randomBytes(12).toString('base64url'),
  };

  constructor({ narrator, urls, resources, keySet, credentials, graceSeconds }) {
    Object.assign(this, { narrator, urls, resources, keySet, credentials, graceSeconds });
  }

  /** Sends a request and shows both sides of it. */
  async call(request) {
    return send(request, this.narrator);
  }
}

/**
 * Sees that the stack runs, and asks it for what the demo must know: the identifiers of the resource servers (RFC 9728) and the
 * public keys (RFC 7517).
 *
 * @throws {Failure} when an app does not answer
 */
export async function setOut({ narrator, env, graceSeconds }) {
  const urls = urlsOf(env);
  const credentials = demoCredentials(env);
  const keySet = await read('auth', `${urls.auth}/.well-known/jwks.json`);
  const resources = {};
  for (const app of ['orders', 'billing']) {
    const metadata = await read(app, `${urls[app]}/.well-known/oauth-protected-resource`);
    resources[app] = metadata.resource;
  }
  if (!credentials) {
    throw new Failure(
      'The stack has no demo clients (DATA_DIR/demo.env). Start it with: npm start',
    );
  }
  return new Walk({ narrator, urls, resources, keySet, credentials, graceSeconds });
}

async function read(app, url) {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) {
    const answer = response ? `answers ${response.status}` : 'does not answer';
    throw new Failure(`${app} ${answer} at ${url}. Start the stack in another terminal: npm start`);
  }
  return response.json();
}
