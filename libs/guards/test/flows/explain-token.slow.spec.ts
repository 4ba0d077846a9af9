import { Controller, Get, type INestApplication } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { BearerError, type GuardsOptions, Policy, type Rejection } from '../../src/index.js';
import { explainToken, type Explanation, type Finding } from '../../src/explain/index.js';
import {
  corpusFor,
  CorpusIssuer,
  type CorpusRequest,
  Forge,
  send,
} from '../../testing/corpus/index.js';
import { TestIssuer } from '../../testing/index.js';
import { guardedApp } from '../support/guarded-app.js';
import { it } from '../support/slow-test.js';

const allowAll = () => true;

@Controller()
@Policy(allowAll)
class OpenToTokensController {
  @Get('tokens')
  tokens() {
    return {};
  }
}

const ALGORITHM = 'ES256';
const SCOPE = 'orders:read';

/** Returns the token of a request that has one bearer token and no other peculiarity. */
function tokenIn({ headers, method, path, raw }: CorpusRequest): string | undefined {
  const [[name, value] = ['', ''], another] = headers;
  if (another || method !== undefined || path !== undefined || raw) return undefined;
  return name.toLowerCase() === 'authorization' ? /^Bearer (\S+)$/.exec(value)?.[1] : undefined;
}

describe('verdict of explainToken', () => {
  let issuer: CorpusIssuer;
  let app: INestApplication;
  let url: URL;
  let forge: Forge;
  const rejections: Rejection[] = [];

  beforeAll(async () => {
    issuer = await CorpusIssuer.start({ audience: 'https://api.example', algorithm: ALGORITHM });
    const onRejected = (rejection: Rejection) => rejections.push(rejection);
    const options = { ...issuer.options, onRejected };
    app = await guardedApp(() => new ExpressAdapter(), options, [OpenToTokensController]);
    url = new URL(`${await app.getUrl()}/tokens`);
    forge = new Forge(issuer, { path: url.pathname, scope: SCOPE });
  });
  beforeEach(() => rejections.splice(0));
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  it('explains every token of the corpus with the verdict of the guard', async () => {
    const answered: Record<string, unknown> = {};
    const explained: Record<string, unknown> = {};
    for (const { id, request: make } of corpusFor({ algorithm: ALGORITHM, scope: SCOPE })) {
      const request = make(forge);
      const token = tokenIn(request);
      if (token === undefined) continue;
      rejections.splice(0);
      // Node refuses headers of more than 16 KiB before the guard runs (RFC 6585 §5).
      if ((await send(url, request)).status === 431) continue;
      const explanation = await explainToken(token, issuer.options);
      const reason = rejections[0]?.reason ?? 'accepted';
      answered[id] = { verdict: reason, firstBroken: reason };
      explained[id] = {
        verdict: getReason(explanation),
        firstBroken: findFirstBroken(explanation),
      };
      expect(JSON.stringify(explanation)).not.toContain(getSignature(token));
    }

    expect(explained).toEqual(answered);
    expect(Object.keys(explained).length).toBeGreaterThan(150);
  });
});

describe('findings of explainToken', () => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await TestIssuer.start();
  });
  afterAll(() => issuer.close());

  it('names each fault of a token with its section', async () => {
    const token = issuer.accessToken(
      { aud: 'https://other.example', exp: 1, sub: undefined, nbf: 9_000_000_000 },
      { header: { typ: 'JWT' } },
    );
    const { findings } = await explainToken(token, issuer.options);

    expect(listBroken(findings)).toEqual([
      ['wrong_type', 'RFC 9068 §4, RFC 8725 §3.11'],
      ['wrong_audience', 'RFC 9068 §4'],
      ['malformed_claims', 'RFC 9068 §2.2'],
      ['expired', 'RFC 7519 §4.1.4, option `clockToleranceSeconds`'],
      ['not_yet_valid', 'RFC 7519 §4.1.5, option `clockToleranceSeconds`'],
    ]);
  });

  it('reports no broken rule for a valid token and leaves rules that do not apply open', async () => {
    const { findings, verdict } = await explainToken(issuer.accessToken(), issuer.options);

    expect(listBroken(findings)).toEqual([]);
    expect(listOpen(findings)).toEqual([
      'Its claims say that it is an access token of this issuer',
      'It has begun to be valid',
      'Its status can be looked up',
      'Its session has not ended',
    ]);
    expect(verdict).toMatchObject({ subject: 'alice' });
  });

  it('leaves the later rules open for a token that cannot be parsed', async () => {
    const { findings, header, claims } = await explainToken('not.a-token', issuer.options);

    expect(listBroken(findings)).toEqual([['malformed_token', 'RFC 7515 §7.1, RFC 7519 §4']]);
    expect(listOpen(findings).length).toBeGreaterThan(15);
    expect({ header, claims }).toEqual({ header: undefined, claims: undefined });
  });

  it('reports faults of the claims also when the header cannot be parsed', async () => {
    const [, payload, mac] = issuer.accessToken({ exp: 1 }).split('.');
    const { findings } = await explainToken(`e30x.${payload}.${mac}`, issuer.options);

    expect(listBroken(findings).map(([reason]) => reason)).toEqual(['malformed_token', 'expired']);
  });

  it('gives no verdict and sends no request to the issuer in offline mode', async () => {
    const before = issuer.fetches;
    const explanation = await explainToken(issuer.accessToken(), issuer.options, { offline: true });

    expect(explanation.verdict).toBeUndefined();
    expect(listOpen(explanation.findings)).toContain('The issuer publishes that key');
    expect(issuer.fetches).toBe(before);
  });

  it('reports keys_unavailable when the issuer cannot be reached', async () => {
    const down = await TestIssuer.start();
    down.fail();
    const { findings, verdict } = await explainToken(down.accessToken(), down.options);
    await down.close();

    expect(listBroken(findings)).toEqual([['keys_unavailable', 'RFC 7517 §4.5, RFC 9068 §4']]);
    expect(verdict).toMatchObject({ reason: 'keys_unavailable' });
  });

  it('reports a revoked token, because explainToken waits for the status list', async () => {
    const revoking = await TestIssuer.start({ hasStatusList: true });
    const [valid, revoked] = [revoking.accessToken(), revoking.accessToken()];
    revoking.revoke(revoked);
    const explained = await explainToken(revoked, revoking.options);
    const { findings } = await explainToken(valid, revoking.options);
    await revoking.close();

    expect(listBroken(explained.findings)).toEqual([['revoked', 'Token Status List §8.3']]);
    expect(explained.verdict).toMatchObject({ reason: 'revoked' });
    expect(listBroken(findings)).toEqual([]);
  });

  it('leaves the rules of an issuer open when the token names none of several issuers', async () => {
    const other = { ...issuer.options, issuer: 'https://other.example' };
    const options: GuardsOptions = { audience: issuer.audience, issuers: [issuer.options, other] };
    const token = issuer.accessToken({ iss: 'https://third.example' });
    const { findings } = await explainToken(token, options);

    expect(listBroken(findings).map(([reason]) => reason)).toEqual(['wrong_issuer']);
    expect(listOpen(findings)).toContain('It is for this resource server');
  });
});

function getReason({ verdict }: Explanation): string | undefined {
  return verdict instanceof BearerError ? verdict.reason : verdict && 'accepted';
}

function findFirstBroken({ findings }: Explanation): string {
  return findings.find(({ verdict }) => verdict === 'broken')?.reason ?? 'accepted';
}

function listBroken(findings: readonly Finding[]) {
  return findings
    .filter(({ verdict }) => verdict === 'broken')
    .map(({ reason, source }) => [reason, source]);
}

function listOpen(findings: readonly Finding[]): string[] {
  return findings.filter(({ verdict }) => verdict === 'unknown').map(({ says }) => says);
}

function getSignature(token: string): string {
  return token.split('.')[2] || 'no signature';
}
