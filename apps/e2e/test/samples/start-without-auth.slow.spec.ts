import { setTimeout as sleep } from 'node:timers/promises';
import { AppProcess } from '../support/app-process.js';
import { freePort } from '@gatehouse/service-kit/testing';
import { send } from '../support/http.js';
import { registerAndLogIn } from '../support/auth-api.js';

it('orders starts without auth, reports what is missing, and recovers when auth starts', async () => {
  const PORT = String(await freePort());
  const issuer = `http://localhost:${PORT}`;
  const auth = await AppProcess.create('auth', { PORT, ISSUER: issuer });
  const orders = await AppProcess.create('orders', { AUTH_ISSUER: issuer });
  // A genuine token, kept from before auth went away.
  await auth.start();
  const { accessToken: token } = await registerAndLogIn(auth.url);
  await auth.stop();

  orders.launch();
  await orders.waitFor('live');
  const readiness = await send(`${orders.url}/health/ready`);
  expect(readiness.status).toBe(503);
  expect(readiness.body['checks']).toEqual({ database: 'up', keySet: 'down' });
  const refusal = await send(`${orders.url}/orders`, { token });
  expect(refusal.status).toBe(503);
  expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await send(`${orders.url}/orders`)).status).toBe(401);

  await auth.start();
  // As for a client: the test neither polls readiness nor restarts orders.
  let answer = await send(`${orders.url}/orders`, { token });
  for (const end = Date.now() + 20_000; answer.status === 503 && Date.now() < end;) {
    await sleep(Number(answer.headers.get('retry-after')) * 1000);
    answer = await send(`${orders.url}/orders`, { token });
  }
  expect(answer.status).toBe(200);
  await orders.waitFor('ready');
});
