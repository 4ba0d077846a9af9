import { runBuilt } from '../migrate/main.mjs';
import { defineCommand } from '../terminal/command.mjs';

/** `npm run ops -- --help`: operations on the authorization server, with its configuration. In production: dist/ops.js. */
export const command = defineCommand({
  usage: 'Usage: npm run ops -- --help',
  options: {},
  passThrough: true,
  run: (_values, args) => {
    process.exitCode = runBuilt('auth', 'ops.js', args);
  },
});
