import { describeSettings } from '@gatehouse/service-kit';
import { APPS } from '../workspace.mjs';

/** What the built apps say about their settings. */
export async function settingsOfApps() {
  const settings = [];
  for (const app of APPS) {
    const config = await import(`../../apps/${app}/dist/${app}.config.js`);
    settings.push({ app, rows: describeSettings(config[`${app}Settings`]) });
  }
  return settings;
}
