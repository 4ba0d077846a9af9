import { e2eConfig } from '../support/e2e.config.js';
import { RunningCommand } from '../support/running-command.js';

/** A module that makes every request of a server cost at least one millisecond more. */
const SLOWDOWN = `
  import { subscribe } from 'node:diagnostics_channel';
  subscribe('http.server.request.start', () => {
    for (const end = performance.now() + 1; performance.now() < end;);
  });`;

describe('npm run bench -- gate', () => {
  it('measures twice and fails when every request of the product costs 1 ms more', async () => {
    const module = `data:text/javascript,${encodeURIComponent(SLOWDOWN)}`;
    const work = ['--quick', '--parts=read-known-token', '--rounds=2', '--seconds=0.2'];
    const gate = RunningCommand.start({
      file: process.execPath,
      arguments: ['bench/run.mjs', 'gate', ...work, `--import=${module}`],
      env: e2eConfig.shell,
    });
    expect(await gate.exit).toBe(1);
    expect(gate.output.match(/warming up/g)).toHaveLength(2);
    expect(gate.output).toMatch(/read-known-token .* FAILED/);
  });
});
