import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import {
  type AccessToken,
  createVerifier,
  GuardsConfigurationError,
  TokenError,
  type Verifier,
  type VerifierOptions,
} from '@gatehouse/guards/core';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { TestIssuer } from '../../testing/index.js';
import { forExpress, forFastify, forHono } from './core/frameworks.js';
import { createApi } from './core/node.js';

let issuer: TestIssuer;

beforeEach(async () => {
  issuer = await TestIssuer.start();
});
afterEach(() => issuer.close());

const page = await readFile(new URL('../../docs/core.md', import.meta.url), 'utf8');

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  text(): Promise<string>;
}
type Send = (authorization?: string) => Promise<Answer>;

async function listening(server: Server, use: (send: Send) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const send: Send = (authorization) =>
    fetch(`http://127.0.0.1:${port}/`, { headers: authorization ? { authorization } : {} });
  try {
    await use(send);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

type Serve = (options: VerifierOptions, use: (send: Send) => Promise<void>) => Promise<void>;

const withVerifier =
  (serve: (verifier: Verifier, use: (send: Send) => Promise<void>) => Promise<void>): Serve =>
  async (options, use) => {
    const verifier = createVerifier(options);
    await serve(verifier, use);
    verifier.close();
  };

const servers: [name: string, serve: Serve][] = [
  ['Node', withVerifier((verifier, use) => listening(createApi(verifier), use))],
  [
    'Express',
    withVerifier((verifier, use) => {
      const app = express();
      app.use(forExpress(verifier));
      app.get('/', (_request, response) => void response.send(response.locals['token'].subject));
      return listening(createServer(app), use);
    }),
  ],
  [
    'Fastify',
    withVerifier(async (verifier, use) => {
      const app = fastify();
      app.decorateRequest('token');
      app.addHook('onRequest', forFastify(verifier));
      app.get('/', (request) => request.getDecorator<AccessToken>('token').subject);
      await app.ready();
      await listening(app.server, use);
      await app.close();
    }),
  ],
  [
    'Hono',
    withVerifier((verifier, use) => {
      const app = new Hono();
      app.get('/', forHono(verifier), (context) => context.text(context.get('token').subject));
      return use(async (authorization) =>
        app.request('/', { headers: authorization ? { authorization } : {} }),
      );
    }),
  ],
];

describe.each(servers)('entry point ./core in a server of %s', (name, serve) => {
  it('answers 200 to a good token, and 401 to others (RFC 6750 §3)', () =>
    serve(issuer.options, async (send) => {
      const good = await send(`Bearer ${issuer.accessToken({ scope: 'orders:read' })}`);
      expect([good.status, await good.text()]).toEqual([200, 'alice']);

      const expired = await send(`Bearer ${issuer.accessToken({ exp: 1 })}`);
      expect(expired.status).toBe(401);
      expect(expired.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');

      for (const header of [undefined, 'Basic YTpi', 'Bearer ', 'Bearer a b']) {
        const none = await send(header);
        expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      }
    }));

  it('answers 503 with Retry-After while the issuer is down (RFC 9110 §15.6.4)', () =>
    serve(issuer.options, async (send) => {
      issuer.fail();
      const answer = await send(`Bearer ${issuer.accessToken()}`);
      expect(answer.status).toBe(503);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }));
});

it.each(['node', 'frameworks'])(
  'the page shows %s.ts exactly as these tests compile and run it',
  async (name) => {
    const code = await readFile(new URL(`./core/${name}.ts`, import.meta.url), 'utf8');
    expect(page).toContain(`\`\`\`ts\n${code}\`\`\``);
  },
);

describe('createVerifier()', () => {
  it('returns a cached token without a promise', async () => {
    const verifier = createVerifier(issuer.options);
    const token = issuer.accessToken();
    await verifier.verify(token);
    await verifier.verify(token);
    const cached = verifier.verify(token);
    expect(cached).not.toBeInstanceOf(Promise);
    expect(cached).toMatchObject({ subject: 'alice' });
    verifier.close();
  });

  it('refuses a token that is bound to a key, because it sees no proof (RFC 9449 §7.2)', async () => {
    const verifier = createVerifier(issuer.options);
    const bound = issuer.accessToken({ cnf: { jkt: 'x'.repeat(43) } });
    for (let use = 0; use < 3; use += 1) {
      await expect(
        Promise.resolve(bound).then(verifier.verify.bind(verifier)),
      ).rejects.toMatchObject({ code: 'bound_token' });
    }
    verifier.close();
  });

  it('refuses a revoked token, and says how long a token may be used', async () => {
    const revocable = await TestIssuer.start({ hasStatusList: true });
    const verifier = createVerifier(revocable.options);
    const text = revocable.accessToken();
    await verifier.ready();
    const token = await verifier.verify(text);
    expect(verifier.remainingMs(token)).toBe(1000);
    verifier.close();
    await revocable.close();
  });

  it('resolves ready() when keys are there, and rejects it with UnavailableError otherwise', async () => {
    const verifier = createVerifier(issuer.options);
    await expect(verifier.ready()).resolves.toBeUndefined();
    issuer.fail();
    await expect(createVerifier(issuer.options).ready()).rejects.toMatchObject({
      name: 'UnavailableError',
      code: 'keys_unavailable',
    });
  });

  it.each([undefined, null, 7, {}, ['a.b.c']])(
    'throws TokenError for %p, which a caller of JavaScript passes on',
    (given) => {
      const verifier = createVerifier(issuer.options);
      const verify = () => Reflect.apply(verifier.verify, verifier, [given]);
      expect(verify).toThrow(expect.objectContaining({ code: 'malformed_credentials' }));
      expect(Reflect.apply(verifier.describe, verifier, [given])).toEqual({
        issuer: issuer.issuer,
      });
    },
  );

  it('says that an opaque token needs the option `opaqueTokens`', () => {
    const verify = () => createVerifier(issuer.options).verify('2YotnFZFEjr1zCsicMWpAA');
    expect(verify).toThrow(
      expect.objectContaining({
        code: 'malformed_token',
        cause: expect.objectContaining({ message: expect.stringContaining('`opaqueTokens`') }),
      }),
    );
  });

  it('describes a token by unverified text for a log line, and never throws', () => {
    const verifier = createVerifier(issuer.options);
    const [header, , signature] = issuer.accessToken().split('.');
    const { kid } = issuer.signingKey;
    expect(verifier.describe(issuer.accessToken())).toEqual({ issuer: issuer.issuer, kid });
    for (const text of ['', 'opaque', '.'.repeat(100_000), `${header}.e30=.${signature}`]) {
      expect(verifier.describe(text)).toEqual({ issuer: issuer.issuer });
    }
  });

  it.each([
    ['undefined', undefined, /`audience`[^]*`issuer`[^]*`algorithms`/],
    ['a text', 'https://auth.example', /`audience`[^]*`issuer`[^]*`algorithms`/],
    [
      'options from JSON',
      { algorithms: 'ES256', audience: 7 },
      /`algorithms`[^]*`audience`[^]*`issuer`/,
    ],
    ['an option of the module', { transports: [] }, /`transports` is not an option/],
    [
      'the option `dpop`, which needs a request',
      { dpop: {} },
      /`dpop` is not an option: it needs GuardsModule/,
    ],
    ['a key that must be proven', { requiresDpop: true }, /`requiresDpop` needs the part `dpop`/],
    ['a misspelt option', { audiense: 'x' }, /did you mean `audience`/],
  ])('throws GuardsConfigurationError with every fault for %s', (_name, given, words) => {
    const make = () => Reflect.apply(createVerifier, undefined, [given]);
    expect(make).toThrow(GuardsConfigurationError);
    expect(make).toThrow(words);
  });

  it('throws TokenError, whose cause names the values that differ and never the token', async () => {
    const verifier = createVerifier({ ...issuer.options, audience: 'https://other.example' });
    const token = issuer.accessToken();
    const error: unknown = await Promise.resolve(token)
      .then(verifier.verify.bind(verifier))
      .catch((refusal: unknown) => refusal);
    expect(error).toBeInstanceOf(TokenError);
    expect(error).toMatchObject({
      code: 'wrong_audience',
      cause: { message: expect.stringContaining('https://other.example') },
    });
    // JSON would leave out the message of the cause.
    expect(inspect(error, { depth: null })).not.toContain(token);
  });
});

/** Statements that load a module, without those for types. */
const IMPORT = /^(?:import|export)(?! type)[^;]*? from '([^']+)';/gm;

describe('import of the entry point ./core', () => {
  const sources = new URL('../../src/', import.meta.url);

  it('loads no package but jwks-rsa, and no file of nest/ (docs/decisions/0029)', async () => {
    const files = new Set(['core.ts']);
    const packages = new Set<string>();
    for (const file of files) {
      const text = await readFile(new URL(file, sources), 'utf8');
      for (const [, name = ''] of text.matchAll(IMPORT)) {
        const path = new URL(name, new URL(file, sources)).href.replace(/[.]js$/, '.ts');
        if (name.startsWith('.')) files.add(path.slice(sources.href.length));
        else packages.add(name);
      }
    }
    expect(files.size).toBeGreaterThan(15);
    expect(
      [...files].filter((file) => !/^(core|issuers-at-run-time|status)[./]/.test(file)),
    ).toEqual([]);
    expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual(['jwks-rsa']);
  });
});
