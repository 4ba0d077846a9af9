import { join } from 'node:path';
import { Failure } from '../terminal/failure.mjs';
import { APPS, dataFolder } from '../workspace.mjs';

/**
 * What a stack is started for: its apps, what auth makes at the start, and where auth keeps the credentials of that. The
 * conformance suite has business with auth alone.
 */
const PROFILES = {
  demo: { apps: APPS, settings: { SEED_DEMO: 'true' }, credentials: 'demo.env' },
  conformance: {
    apps: ['auth'],
    settings: { SEED_CONFORMANCE: 'true' },
    credentials: 'conformance.env',
  },
};

/** @throws {Failure} that names the profiles which there are */
export function profileOf({ profile: name }, env) {
  if (!Object.hasOwn(PROFILES, name)) {
    const names = Object.keys(PROFILES).join(', ');
    throw new Failure(`There is no profile "${name}". There are: ${names}.`);
  }
  const { credentials, ...profile } = PROFILES[name];
  return { ...profile, name, credentials: join(dataFolder(env), credentials) };
}
