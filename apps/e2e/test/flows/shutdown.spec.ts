import { Agent, request } from 'node:http';
import { AppProcess } from '../support/app-process.js';
import { aPerson, register } from '../support/auth-api.js';

const LOGINS = 24;
const CLIENTS = 8;

/** A status, or the word of the connection's failure. */
type Outcome = number | string;

it('auth answers every accepted request after SIGTERM and exits with 0', async () => {
  const auth = await AppProcess.create('auth', { LOG_LEVEL: 'info' });
  await auth.start();
  const person = aPerson();
  await register(auth.url, person);

  const strangers = Array.from({ length: CLIENTS }, () => refreshUntilRefused(auth.url));
  // Passwords are hashed two at a time: these wait in the server for far longer than it takes to send them.
  const agents = await Promise.all(Array.from({ length: LOGINS }, () => openConnection(auth.url)));
  const logins = agents.map((agent) => post(`${auth.url}/auth/login`, person, agent));
  await Promise.any(logins);
  const exit = await auth.stop();

  expect(await Promise.all(logins)).toEqual(Array(LOGINS).fill(200));
  const outcomes = (await Promise.all(strangers)).flat();
  const answers = outcomes.filter((outcome) => outcome === 400);
  // The kernel refuses or resets a connection that the process had not accepted.
  const rest = new Set(outcomes.filter((outcome) => outcome !== 400));
  expect(['ECONNREFUSED', 'ECONNRESET']).toEqual(expect.arrayContaining([...rest]));
  expect(answers.length).toBeGreaterThan(CLIENTS);
  expect(answers).toHaveLength(countLogLines(auth, '/auth/refresh') - LOGINS);
  expect(exit).toBe(0);
});

/** A connection that the server is known to have taken on, since it has answered there. */
async function openConnection(auth: string): Promise<Agent> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  expect(await post(`${auth}/auth/refresh`, { refresh_token: 'unknown' }, agent)).toBe(400);
  return agent;
}

async function refreshUntilRefused(auth: string): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  while (typeof (outcomes.at(-1) ?? 0) === 'number') {
    outcomes.push(await post(`${auth}/auth/refresh`, { refresh_token: 'unknown' }));
  }
  return outcomes;
}

/** Without an agent, on a new connection: what becomes of the last request on a shared one is a race by nature. */
function post(url: string, body: object, agent: Agent | false = false): Promise<Outcome> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const failed = (error: Error & { code?: string }) => resolve(error.code ?? error.message);
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      response.resume().once('error', failed);
      response.once('end', () => resolve(response.statusCode ?? 'no status'));
    });
    sent.once('error', failed).end(JSON.stringify(body));
  });
}

/** How many requests for that path the server has logged: those that it took on. */
const countLogLines = (app: AppProcess, path: string): number =>
  app.output.split('\n').filter((line) => line.includes(`"path":"${path}"`)).length;
