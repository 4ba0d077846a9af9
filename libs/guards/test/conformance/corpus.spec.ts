import { createServer, type RequestListener, type Server } from 'node:http';
import {
  corpusFor,
  CorpusIssuer,
  type CorpusResult,
  judge,
  runCorpus,
} from '../../testing/corpus/index.js';
import { closeServer, listenOnLoopback } from '../../testing/loopback-server.js';

const resource = { algorithm: 'ES256', scope: 'orders:read' } as const;

describe('corpus of hostile tokens', () => {
  it.each(['ES256', 'RS256', 'PS384', 'Ed25519', 'EdDSA'] as const)(
    'gives each case a unique id in kebab-case for an issuer that signs with %s',
    (algorithm) => {
      const ids = corpusFor({ ...resource, algorithm }).map(({ id }) => id);

      expect(ids.length).toBeGreaterThanOrEqual(120);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter((id) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id))).toEqual([]);
    },
  );

  it('contains no cases about scopes for a resource without a scope', () => {
    const ids = corpusFor({ algorithm: 'ES256' }).map(({ id }) => id);

    expect(ids.filter((id) => id.startsWith('scope-'))).toEqual([]);
  });
});

describe('verdict on an answer', () => {
  const refuse = [{ status: 401, error: 'invalid_token' }];
  const accept = [{ status: 200 }];
  const challenge = 'Bearer realm="x", error="invalid_token"';

  it.each([
    ['as-expected', 'the expected refusal', { expected: refuse }, 401, challenge],
    ['as-expected', 'an accepted valid token', { expected: accept }, 204, undefined],
    ['deviates', 'a 401 without a challenge (RFC 6750 §3)', { expected: refuse }, 401, undefined],
    ['deviates', 'another error code', { expected: refuse }, 401, 'Bearer error="expired"'],
    ['deviates', 'another scheme', { expected: refuse }, 401, 'DPoP error="invalid_token"'],
    ['deviates', 'another status', { expected: refuse }, 403, challenge],
    ['accepted', 'an accepted hostile token', { expected: refuse }, 200, undefined],
    [
      'lenient',
      'an accepted token that standards allow',
      { expected: refuse, stricter: true },
      200,
      undefined,
    ],
    ['refused-good', 'a refused valid token', { expected: accept }, 401, challenge],
    ['server-error', 'a server error', { expected: refuse, stricter: true }, 500, undefined],
    ['no-answer', 'a closed connection', { expected: refuse }, 0, undefined],
  ] as const)('judges as %s: %s', (verdict, _what, one, status, received) => {
    expect(judge(one, { status, challenge: received })).toBe(verdict);
  });
});

describe('run against a service that does not verify tokens', () => {
  let issuer: CorpusIssuer;
  let server: Server | undefined;

  beforeAll(async () => {
    issuer = await CorpusIssuer.start({ audience: 'https://api.example' });
  });
  afterEach(() => server && closeServer(server));
  afterAll(() => issuer.close());

  async function collectResults(service: RequestListener): Promise<Map<string, CorpusResult>> {
    server = createServer(service);
    const target = { url: `${await listenOnLoopback(server)}/orders`, scope: resource.scope };
    const results = new Map<string, CorpusResult>();
    for await (const result of runCorpus(issuer, target)) results.set(result.case.id, result);
    return results;
  }

  it('reports that the service accepts every request', async () => {
    const results = await collectResults((_request, response) => response.end());
    const verdicts = new Set([...results.values()].map(({ verdict }) => verdict));

    expect(results.get('alg-none')?.verdict).toBe('accepted');
    expect(results.get('credentials-none')?.verdict).toBe('accepted');
    expect(results.get('place-query')?.verdict).toBe('lenient');
    expect(results.get('good')?.verdict).toBe('as-expected');
    expect(verdicts.has('deviates')).toBe(false);
  });

  it('reports that the service sends requests to an address in a token (RFC 8725 §3.10)', async () => {
    const results = await collectResults(({ headers }, response) => {
      const [header = ''] = headers.authorization?.slice('Bearer '.length).split('.') ?? [];
      const jku = /"jku":"(http:[^"]+)"/.exec(Buffer.from(header, 'base64url').toString())?.[1];
      const visit = jku ? fetch(jku) : Promise.resolve();
      void visit.catch(() => undefined).then(() => response.writeHead(401).end());
    });
    const visited = [...results.values()].filter(({ verdict }) => verdict === 'asked-attacker');

    expect(visited.map((result) => result.case.id)).toContain('key-jku');
    expect(visited.every((result) => result.case.id.startsWith('key-'))).toBe(true);
  });
});
