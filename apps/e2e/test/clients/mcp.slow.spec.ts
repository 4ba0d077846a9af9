import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { freePort, TestBrowser, waitUntil } from '@gatehouse/service-kit/testing';
import { transform } from '@swc/core';
import { exportJWK, generateKeyPair } from 'jose';
import { AppProcess } from '../support/app-process.js';
import { aPerson, type Person, register } from '../support/auth-api.js';
import { createTemporaryFolder } from '../support/cleanup.js';
import { e2eConfig } from '../support/e2e.config.js';
import { send } from '../support/http.js';
import { installWorkspace } from '../support/install-workspace.js';
import { RunningCommand } from '../support/running-command.js';
import { ROOT } from '../support/workspace.js';

const FOLDER = 'test/clients/mcp';

/** The packages of the guards' tests include Express, which the packages of the root do not. */
const WITH_EXPRESS = 'libs/guards/test';

const readRecipe = () => readFile(join(ROOT, 'docs/recipes/mcp.md'), 'utf8');

/** Compiles the server of the recipe, as `nest build` does, to a place that sees the packages of the folder. */
async function compileServer(): Promise<string> {
  const [, source = ''] =
    /```ts fragment\n(\/\/ main\.ts\n[^]*?)```/.exec(await readRecipe()) ?? [];
  const configFile = join(ROOT, 'tools/swc.json');
  const { code } = await transform(withExpress(source), {
    configFile,
    filename: 'main.ts',
    sourceMaps: false,
  });
  const folder = join(ROOT, FOLDER, 'node_modules/.recipe');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'main.mjs'), code);
  return join(folder, 'main.mjs');
}

/** In a service of one's own, Nest finds Express without being told. */
function withExpress(source: string): string {
  const file = join(ROOT, WITH_EXPRESS, 'node_modules/@nestjs/platform-express/index.js');
  const adapter = `import { ExpressAdapter } from '${pathToFileURL(file).href}';`;
  const create = 'NestFactory.create(AppModule';
  return `${adapter}\n${source.replace(create, `${create}, new ExpressAdapter()`)}`;
}

async function startNode(
  file: string,
  url: string,
  env: Readonly<Record<string, string>>,
): Promise<RunningCommand> {
  const command = RunningCommand.start({
    file: process.execPath,
    arguments: [file],
    env: { ...e2eConfig.shell, ...env },
  });
  const answers = async () => {
    if (command.isOver) throw new Error(command.output);
    return (await fetch(url).catch(() => undefined)) !== undefined;
  };
  await waitUntil(answers, { description: `an answer of ${file}` });
  return command;
}

let auth: AppProcess;
let server: string;
let person: Person;
let services: Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Runs the commands of the recipe. @returns the credentials of the services */
async function registerClients(): Promise<typeof services> {
  const [, commands = ''] = /```sh\n([^]*?)```/.exec(await readRecipe()) ?? [];
  const folder = await createTemporaryFolder();
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
  const key = { ...(await exportJWK(publicKey)), kid: 'first', alg: 'ES256', use: 'sig' };
  await writeFile(join(folder, 'notes-agent.jwks.json'), JSON.stringify({ keys: [key] }));
  const npm = `npm() { shift 3; "${process.execPath}" "${join(ROOT, 'apps/auth/dist/ops.js')}" "$@"; }`;
  const command = RunningCommand.start({
    file: 'bash',
    arguments: ['--norc', '-ec', `cd "$0"\n${npm}\n${commands}`, folder],
    env: auth.environment,
  });
  expect({ exit: await command.exit, output: command.output }).toMatchObject({ exit: 0 });
  const [, clientSecret] = /client_secret:\s+(\S+)/.exec(command.output) ?? [];
  const jwk = await exportJWK(privateKey);
  return {
    secret: { clientId: 'notes-robot', clientSecret },
    key: { clientId: 'notes-agent', privateKey: jwk, algorithm: 'ES256' },
  };
}

beforeAll(async () => {
  await installWorkspace(FOLDER);
  await installWorkspace(WITH_EXPRESS);
  const port = String(await freePort());
  server = `http://localhost:${port}/mcp`;
  auth = await AppProcess.create('auth', {
    RESOURCE_SERVERS: `http://localhost:3001 orders:read; ${server} notes:read notes:write`,
    FIRST_PARTY_SCOPE: 'orders:read',
  });
  await auth.start();
  await startNode(await compileServer(), server, { ISSUER: auth.url, PORT: port });
  person = aPerson();
  await register(auth.url, person);
  services = await registerClients();
}, 300_000);

describe('the server of docs/recipes/mcp.md', () => {
  const post = (body: object, headers: Readonly<Record<string, string>> = {}) =>
    fetch(server, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
      body: JSON.stringify(body),
    });
  const callAddNote = {
    ...{ jsonrpc: '2.0', id: 1, method: 'tools/call' },
    params: { name: 'add_note', arguments: { text: 'stolen' } },
  };
  /** A token of a service that may only read. */
  const readerToken = async () => {
    const { clientId, clientSecret } = services['secret'] ?? {};
    const credentials = Buffer.from(`${String(clientId)}:${String(clientSecret)}`).toString(
      'base64',
    );
    const answer = await fetch(`${auth.url}/oauth/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    return `Bearer ${JSON.parse(await answer.text()).access_token}`;
  };

  it('names its metadata and the scope of the handler to a client without a token (RFC 9728 §5.1)', async () => {
    const metadata = server.replace('/mcp', '/.well-known/oauth-protected-resource/mcp');
    const { status, headers } = await post({});
    expect([status, headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer resource_metadata="${metadata}", scope="notes:read"`,
    ]);
    expect((await send(metadata)).body).toMatchObject({
      resource: server,
      authorization_servers: [auth.url],
    });
  });

  it.each(['GET', 'DELETE', 'PUT', 'OPTIONS'])(
    'lets no client in without a token by %s',
    async (method) => {
      expect((await fetch(server, { method })).status).toBe(401);
    },
  );

  it.each([
    ['alone', callAddNote, {}],
    ['in a batch', [null, callAddNote], {}],
    [
      'with a malformed parameter of its type',
      callAddNote,
      { 'content-type': 'application/json; =' },
    ],
    ['with another type', callAddNote, { 'content-type': 'text/plain' }],
    ['as an unknown method', { ...callAddNote, method: 'tools/CALL' }, {}],
  ])('adds no note for a token that may only read: a call %s', async (_how, body, headers) => {
    const authorization = await readerToken();
    const answer = await post(body, { authorization, ...headers });
    expect([400, 403, 415]).toContain(answer.status);
    expect(await answer.text()).not.toContain('added');
    const list = { ...callAddNote, params: { name: 'list_notes', arguments: {} } };
    const listed = await post(list, { authorization });
    expect([listed.status, await listed.text()]).toEqual([
      200,
      expect.not.stringContaining('stolen'),
    ]);
  });

  it('answers 405 to a GET with a token, because it has no stream', async () => {
    const authorization = await readerToken();
    expect((await fetch(server, { headers: { authorization } })).status).toBe(405);
  });
});

describe.each(['1', '2'])(
  'version %s of the TypeScript SDK with a registered client',
  (version) => {
    let host: string;

    beforeAll(async () => {
      const port = String(await freePort());
      host = `http://127.0.0.1:${port}`;
      await startNode(join(ROOT, FOLDER, 'app.mjs'), host, {
        ...{ PORT: port, SDK_VERSION: version, SERVER: server, ISSUER: auth.url },
        ...{ CLIENT_ID: 'notes-host', SERVICES: JSON.stringify(services) },
      });
    });

    const browser = () => new TestBrowser(auth.url);
    const open = async (path: string) => {
      const response = await fetch(new URL(path, host), { redirect: 'manual' });
      return { response, text: await response.text() };
    };
    const read = async (path: string) => {
      const { response, text } = await open(path);
      expect([response.status, text]).toEqual([200, expect.anything()]);
      return JSON.parse(text);
    };

    /** Opens a page of the host, which sends the browser to auth. The user logs in if auth asks, and agrees. */
    async function callWith(browser: TestBrowser, path: string) {
      const { response } = await open(path);
      const address = new URL(response.headers.get('location') ?? '');
      let page = await browser.visit(address);
      if (page.text.includes('name="password"')) {
        const fields = { login: person.email, password: person.password };
        page = await browser.follow(await browser.submit(page, fields));
      }
      if (page.text.includes('name="decision"')) {
        page = await browser.follow(await browser.submit(page, { decision: 'allow' }));
      }
      return {
        requested: address.searchParams,
        answer: await read(page.headers.get('location') ?? ''),
      };
    }

    it('signs the user in for the scope of the challenge, calls a tool, and asks for more after a 403', async () => {
      await read('/forget');
      const user = browser();
      const first = await callWith(user, '/call?tool=list_notes');
      expect(first.requested.get('resource')).toBe(server);
      expect(first.requested.get('scope')).toMatch(/^notes:read( offline_access)?$/);
      expect(first.answer).toMatchObject({ scope: expect.stringContaining('notes:read') });

      const second = await callWith(user, `/call?tool=add_note&text=version-${version}`);
      expect(second.requested.get('scope')).toMatch(/^notes:read notes:write( offline_access)?$/);
      expect(second.answer).toMatchObject({ result: 'added' });
      expect((await read('/call?tool=list_notes')).result).toContain(`version-${version}`);
    });

    it('refreshes twice without the user', async () => {
      await read('/forget');
      await callWith(browser(), '/call?tool=list_notes&offline');
      for (const _refresh of ['first', 'second']) {
        const before = await read('/tokens');
        await read('/spoil');
        await read('/call?tool=list_notes&offline');
        const after = await read('/tokens');
        expect(after.access_token).toMatch(/^ey/);
        expect(after.access_token).not.toBe(before.access_token);
        expect(after.refresh_token).not.toBe(before.refresh_token);
      }
    });

    it.each(['secret', 'key'])('calls a tool as a service with its %s', async (kind) => {
      expect(await read(`/service?kind=${kind}&tool=list_notes`)).toMatchObject({ result: '' });
    });

    it.each(['secret', 'key'])(
      'shows a service with its %s that a scope is missing',
      async (kind) => {
        const { response, text } = await open(`/service?kind=${kind}&tool=add_note&text=x`);
        expect([response.status, text]).toEqual([500, expect.stringMatching(/scop/i)]);
      },
    );
  },
);
