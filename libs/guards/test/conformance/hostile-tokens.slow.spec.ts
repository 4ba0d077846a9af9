import { inspect } from 'node:util';
import type { INestApplication } from '@nestjs/common';
import type { Rejection, RejectionReason } from '../../src/index.js';
import {
  corpusFor,
  CorpusIssuer,
  Forge,
  isSuccess,
  judge,
  send,
} from '../../testing/corpus/index.js';
import { guardedApp, platforms } from '../support/guarded-app.js';
import { it } from '../support/slow-test.js';

const SCOPE = 'orders:read';
const ALGORITHMS = ['ES256', 'RS256', 'Ed25519', 'EdDSA'] as const;

describe.each(platforms)('hostile tokens on %s', (_platform, adapter) => {
  describe.each(ALGORITHMS)('issuer that signs with %s', (algorithm) => {
    let issuer: CorpusIssuer;
    let app: INestApplication;
    let url: URL;
    let forge: Forge;
    const rejections: Rejection[] = [];

    beforeAll(async () => {
      issuer = await CorpusIssuer.start({ audience: 'https://api.example', algorithm });
      const onRejected = (rejection: Rejection) => rejections.push(rejection);
      app = await guardedApp(adapter, { ...issuer.options, onRejected });
      url = new URL(`${await app.getUrl()}/orders`);
      forge = new Forge(issuer, { path: url.pathname, scope: SCOPE });
    });
    beforeEach(() => rejections.splice(0));
    afterAll(async () => {
      await app.close();
      await issuer.close();
    });

    const cases = corpusFor({ algorithm, scope: SCOPE }).map(
      (one) => [one.id, one.title, one.rule, one] as const,
    );

    it.each(cases)('answers %s as expected: %s (%s)', async (_id, _title, _rule, one) => {
      const request = one.request(forge);
      const answer = await send(url, request);

      expect([judge(one, answer), answer.status]).toEqual(['as-expected', answer.status]);
      expect(issuer.attacker.server.requests).toBe(0);
      if (isSuccess(answer.status)) expect(rejections).toEqual([]);
      if (!one.reason) return;
      expect(rejections).toMatchObject([{ reason: one.reason, issuer: issuer.issuer }]);
      if (request.method !== 'HEAD') expect(answer).toEqual(refusal(one.reason));
    });

    it('accepts an expired token within the clock tolerance (RFC 7519 §4.1.4)', async () => {
      const token = forge.accessToken({ exp: Math.floor(Date.now() / 1000) - 2 });
      const answer = await send(url, { headers: [['Authorization', `Bearer ${token}`]] });

      expect(JSON.parse(answer.body)).toEqual({ subject: 'alice', scopes: [SCOPE] });
    });

    it('reports issuer and key identifier of a refused token, and no part of the token', async () => {
      const token = forge.accessToken({ exp: 1 });
      await send(url, { headers: [['Authorization', `Bearer ${token}`]] });

      expect(rejections).toMatchObject([
        { reason: 'expired', issuer: issuer.issuer, kid: issuer.signingKey.kid },
      ]);
      for (const part of token.split('.')) expect(inspect(rejections)).not.toContain(part);
    });
  });
});

const NEEDED = `scope="${SCOPE}"`;

/** The complete answer to a refused request (RFC 6750 §3). It depends only on the class of the reason. */
function refusal(reason: RejectionReason) {
  const [status, title, parameters] = classes[reason] ?? invalidToken;
  const metadata = 'resource_metadata="https://api.example/.well-known/oauth-protected-resource"';
  return {
    status,
    challenge: `Bearer ${[...parameters, metadata, ...(status === 401 ? [NEEDED] : [])].join(', ')}`,
    contentType: expect.stringMatching(/^application\/problem\+json/),
    body: JSON.stringify({ type: 'about:blank', title, status, message: title }),
  };
}

type RefusalClass = readonly [status: number, title: string, parameters: readonly string[]];

const invalidRequest: RefusalClass = [
  400,
  'Bad Request',
  [
    'error="invalid_request"',
    'error_description="Send one Authorization header with one access token"',
  ],
];

const classes: { readonly [R in RejectionReason]?: RefusalClass } = {
  no_token: [401, 'Unauthorized', []],
  several_credentials: invalidRequest,
  malformed_credentials: invalidRequest,
  insufficient_scope: [403, 'Forbidden', ['error="insufficient_scope"', NEEDED]],
};

const invalidToken: RefusalClass = [
  401,
  'Unauthorized',
  ['error="invalid_token"', 'error_description="This access token is not valid here"'],
];
