import { once } from 'node:events';
import { createServer } from 'node:http';
import { AppProcess } from '../support/app-process.js';
import { freePort } from '@gatehouse/service-kit/testing';
import { type Exit, RunningCommand } from '../support/running-command.js';
import { RESOURCES } from '../support/auth-api.js';

async function corpus(...args: string[]): Promise<[Exit, string]> {
  const command = RunningCommand.start({
    file: process.execPath,
    arguments: ['tools/run.mjs', 'corpus', ...args],
    env: { PATH: process.env['PATH'] ?? '' },
  });
  return [await command.exit, command.output];
}

describe('npm run corpus', () => {
  let args: string[];

  beforeAll(async () => {
    const port = String(await freePort());
    const orders = await AppProcess.create('orders', { AUTH_ISSUER: `http://127.0.0.1:${port}` });
    orders.launch();
    await orders.waitFor('live');
    args = ['--url', `${orders.url}/orders`, '--audience', RESOURCES.orders, '--issuer-port', port];
  });

  it('exits with 2 and names the issuer to trust when a valid token is refused', async () => {
    const [exit, output] = await corpus(...args, '--algorithm', 'RS512', '--wait', '0');

    expect(output).toContain(`audience   ${RESOURCES.orders}`);
    expect(output).toContain('algorithm  RS512, and no other');
    expect(output).toContain('A good token got 401 invalid_token');
    expect(exit).toBe(2);
  });

  it('gets the expected answer of orders to more than 300 hostile requests', async () => {
    const bound = ['--dpop', `${RESOURCES.orders}/orders`];
    const [exit, output] = await corpus(...args, '--scope', 'orders:read', ...bound);

    expect(output).toMatch(/^(\d{3}) cases: 0 accepted, .* \1 answered as expected\.$/m);
    expect(exit).toBe(0);
  });

  it('exits with 1 and names the cases when a service accepts every token', async () => {
    const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (!address || typeof address === 'string') throw new Error('No TCP address');
    const url = `http://127.0.0.1:${address.port}/`;
    const [exit, output] = await corpus('--url', url, '--audience', 'x', '--issuer-port', '0');
    server.closeAllConnections();
    server.close();

    expect(output).toMatch(/^ACCEPTED +alg-none$/m);
    expect(exit).toBe(1);
  });

  it.each([
    ['--url is missing', ['--audience', 'x']],
    ['--audience is missing', ['--url', 'http://127.0.0.1:1']],
    ['--url must be an http(s) address', ['--url', 'x', '--audience', 'x']],
    ['--algorithm must be one like ES256', ['--audience', 'x', '--algorithm', 'HS256']],
    ["Unknown option '--nothing'", ['--nothing']],
  ])('ends with 2: %s', async (message, wrong) => {
    const [exit, output] = await corpus(...wrong);

    expect(output).toContain(message);
    expect(exit).toBe(2);
  });
});
