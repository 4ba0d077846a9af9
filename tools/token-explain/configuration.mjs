import { Misuse } from './arguments.mjs';

/**
 * What the library is told by an app, of the environment that the app would read.
 *
 * @throws {Misuse} in the app's own words, when it would not start either
 */
export async function guardsOptionsOf(app, env) {
  const config = await import(`../../apps/${app}/dist/${app}.config.js`);
  const { guardsOptions } = await import(`../../apps/${app}/dist/access.js`);
  try {
    return guardsOptions(config[`${app}Config`](env));
  } catch (error) {
    if (error.name === 'ConfigurationError') throw new Misuse(error.message);
    throw error;
  }
}
