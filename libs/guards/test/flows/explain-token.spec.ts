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

const anybody = () => true;

@Controller()
@Policy(anybody)
class AnybodyController {
  @Get('anybody')
  anybody() {
    return {};
  }
}

const ALGORITHM = 'ES256';
const SCOPE = 'orders:read';

/** The token that a request carries, where that is all that it carries. */
function tokenIn({ headers, method, path, raw }: CorpusRequest): string | undefined {
  const [[name, value] = ['', ''], another] = headers;
  if (another || method !== undefined || path !== undefined || raw) return undefined;
  return name.toLowerCase() === 'authorization' ? /^Bearer (\S+)$/.exec(value)?.[1] : undefined;
}

describe('the verdict is what the guard answers, and the findings say why', () => {
  let issuer: CorpusIssuer;
  let app: INestApplication;
  let url: URL;
  let forge: Forge;
  const rejections: Rejection[] = [];

  beforeAll(async () => {
    issuer = await CorpusIssuer.start({ audience: 'https://api.example', algorithm: ALGORITHM });
    const onRejected = (rejection: Rejection) => rejections.push(rejection);
    const options = { ...issuer.options, onRejected };
    app = await guardedApp(() => new ExpressAdapter(), options, [AnybodyController]);
    url = new URL(`${await app.getUrl()}/anybody`);
    forge = new Forge(issuer, { path: url.pathname, scope: SCOPE });
  });
  beforeEach(() => rejections.splice(0));
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  it('for every case of the hostile-token corpus that sends one token and no more', async () => {
    const answered: Record<string, unknown> = {};
    const explained: Record<string, unknown> = {};
    for (const { id, request: make } of corpusFor({ algorithm: ALGORITHM, scope: SCOPE })) {
      const request = make(forge);
      const token = tokenIn(request);
      if (token === undefined) continue;
      rejections.splice(0);
      // Node itself refuses headers of more than 16 KiB (RFC 6585 §5).
      if ((await send(url, request)).status === 431) continue;
      const explanation = await explainToken(token, issuer.options);
      const reason = rejections[0]?.reason ?? 'accepted';
      answered[id] = { verdict: reason, firstBroken: reason };
      explained[id] = { verdict: reasonOf(explanation), firstBroken: firstBroken(explanation) };
      expect(JSON.stringify(explanation)).not.toContain(signatureOf(token));
    }

    expect(explained).toEqual(answered);
    expect(Object.keys(explained).length).toBeGreaterThan(150);
  });
});

describe('a rule after a broken one is judged as well', () => {
  let issuer: TestIssuer;
  beforeAll(async () => {
    issuer = await TestIssuer.start();
  });
  afterAll(() => issuer.close());

  it('each fault of a token is named with its section', async () => {
    const token = issuer.accessToken(
      { aud: 'https://other.example', exp: 1, sub: undefined, nbf: 9_000_000_000 },
      { header: { typ: 'JWT' } },
    );
    const { findings } = await explainToken(token, issuer.options);

    expect(broken(findings)).toEqual([
      ['wrong_type', 'RFC 9068 §4, RFC 8725 §3.11'],
      ['wrong_audience', 'RFC 9068 §4'],
      ['malformed_claims', 'RFC 9068 §2.2'],
      ['expired', 'RFC 7519 §4.1.4, option `clockToleranceSeconds`'],
      ['not_yet_valid', 'RFC 7519 §4.1.5, option `clockToleranceSeconds`'],
    ]);
  });

  it('a good token keeps every rule; those that ask for nothing here are left open', async () => {
    const { findings, verdict } = await explainToken(issuer.accessToken(), issuer.options);

    expect(broken(findings)).toEqual([]);
    expect(open(findings)).toEqual([
      'Its claims say that it is an access token of this issuer',
      'It has begun to be valid',
      'Its status can be looked up',
      'Its session has not ended',
    ]);
    expect(verdict).toMatchObject({ subject: 'alice' });
  });

  it('what cannot be read leaves the rules behind it open', async () => {
    const { findings, header, claims } = await explainToken('not.a-token', issuer.options);

    expect(broken(findings)).toEqual([['malformed_token', 'RFC 7515 §7.1, RFC 7519 §4']]);
    expect(open(findings).length).toBeGreaterThan(15);
    expect({ header, claims }).toEqual({ header: undefined, claims: undefined });
  });

  it('a header that cannot be read hides no fault of the claims', async () => {
    const [, payload, mac] = issuer.accessToken({ exp: 1 }).split('.');
    const { findings } = await explainToken(`e30x.${payload}.${mac}`, issuer.options);

    expect(broken(findings).map(([reason]) => reason)).toEqual(['malformed_token', 'expired']);
  });

  it('offline nobody is asked, and there is no verdict', async () => {
    const before = issuer.fetches;
    const explanation = await explainToken(issuer.accessToken(), issuer.options, { offline: true });

    expect(explanation.verdict).toBeUndefined();
    expect(open(explanation.findings)).toContain('The issuer publishes that key');
    expect(issuer.fetches).toBe(before);
  });

  it('an issuer that cannot be reached is no fault of the token', async () => {
    const down = await TestIssuer.start();
    down.fail();
    const { findings, verdict } = await explainToken(down.accessToken(), down.options);
    await down.close();

    expect(broken(findings)).toEqual([['keys_unavailable', 'RFC 7517 §4.5, RFC 9068 §4']]);
    expect(verdict).toMatchObject({ reason: 'keys_unavailable' });
  });

  it('waits for the status list, which requests never do', async () => {
    const revoking = await TestIssuer.start({ hasStatusList: true });
    const [good, ended] = [revoking.accessToken(), revoking.accessToken()];
    revoking.revoke(ended);
    const explained = await explainToken(ended, revoking.options);
    const { findings } = await explainToken(good, revoking.options);
    await revoking.close();

    expect(broken(explained.findings)).toEqual([['revoked', 'Token Status List §8.3']]);
    expect(explained.verdict).toMatchObject({ reason: 'revoked' });
    expect(broken(findings)).toEqual([]);
  });

  it('of several issuers, none is guessed', async () => {
    const other = { ...issuer.options, issuer: 'https://other.example' };
    const options: GuardsOptions = { audience: issuer.audience, issuers: [issuer.options, other] };
    const token = issuer.accessToken({ iss: 'https://third.example' });
    const { findings } = await explainToken(token, options);

    expect(broken(findings).map(([reason]) => reason)).toEqual(['wrong_issuer']);
    expect(open(findings)).toContain('It is for this resource server');
  });
});

function reasonOf({ verdict }: Explanation): string | undefined {
  return verdict instanceof BearerError ? verdict.reason : verdict && 'accepted';
}

function firstBroken({ findings }: Explanation): string {
  return findings.find(({ verdict }) => verdict === 'broken')?.reason ?? 'accepted';
}

function broken(findings: readonly Finding[]) {
  return findings
    .filter(({ verdict }) => verdict === 'broken')
    .map(({ reason, source }) => [reason, source]);
}

function open(findings: readonly Finding[]): string[] {
  return findings.filter(({ verdict }) => verdict === 'unknown').map(({ says }) => says);
}

function signatureOf(token: string): string {
  return token.split('.')[2] || 'no signature';
}
