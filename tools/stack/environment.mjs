import { Failure } from '../terminal/failure.mjs';
import { ordersServiceSecret } from '../demo/credentials.mjs';
import { dataFolder } from '../workspace.mjs';

/** @throws {Failure} for a production environment: this runner seeds accounts and makes secrets */
export function refuseProduction(env) {
  if (env.NODE_ENV !== 'production') return;
  throw new Failure(
    'NODE_ENV is production, and npm start runs the development stack. ' +
      'Run the apps with Docker or your own supervisor: README, "To production".',
  );
}

/**
 * The environment of one app: the caller's own, and what a stack in one terminal needs on top. The issuer follows the port
 * of auth; audiences are names and stay as they are.
 */
export function environmentOf(app, { ports, env, profile }) {
  const issuer = env.ISSUER || `http://localhost:${ports.auth}`;
  return {
    ...withDefaults(env, {
      NODE_ENV: 'development',
      ...profile.settings,
      ISSUER: issuer,
      AUTH_ISSUER: issuer,
      ...(app === 'orders' && {
        CLIENT_SECRET: ordersServiceSecret(env),
        BILLING_URL: `http://localhost:${ports.billing}`,
      }),
    }),
    DATA_DIR: dataFolder(env),
    PORT: String(ports[app]),
  };
}

/** X_FILE counts as given: an app refuses a setting that is given twice. */
function withDefaults(env, defaults) {
  const missing = Object.entries(defaults).filter(([name]) => !env[name] && !env[`${name}_FILE`]);
  return { ...env, ...Object.fromEntries(missing) };
}
