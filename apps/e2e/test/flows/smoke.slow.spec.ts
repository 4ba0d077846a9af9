import { createTemporaryFolder } from '../support/cleanup.js';
import { e2eConfig } from '../support/e2e.config.js';
import { RunningCommand } from '../support/running-command.js';
import { APIS, freePorts } from '../support/service-ports.js';

describe('npm run smoke', () => {
  let env: Record<string, string>;

  beforeAll(async () => {
    const DATA_DIR = await createTemporaryFolder();
    env = { ...e2eConfig.shell, ...(await freePorts()), DATA_DIR };
  });

  it('exits with 1 and says how to start the stack when it does not run', async () => {
    const smoke = RunningCommand.shell('node tools/run.mjs smoke', env);

    expect(await smoke.exit).toBe(1);
    expect(smoke.output).toContain('Start the stack in another terminal: npm start');
  });

  it('finds that each service accepts a token of its own user, and refuses forged and replayed ones', async () => {
    const stack = RunningCommand.shell('node tools/run.mjs start', env);
    await stack.waitForOutput(/ is running\./);
    const smoke = RunningCommand.shell('node tools/run.mjs smoke', env);
    const exit = await smoke.exit;

    expect([exit, smoke.output]).toEqual([
      0,
      expect.stringMatching(/All \d+ steps did what they say/),
    ]);
    for (const app of APIS.filter((name) => name !== 'auth')) {
      expect(smoke.output).toContain(`Log in for ${app}`);
    }
  });
});
