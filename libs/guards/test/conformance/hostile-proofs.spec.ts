import type { INestApplication } from '@nestjs/common';
import type { Rejection } from '../../src/index.js';
import {
  corpusFor,
  CorpusIssuer,
  Forge,
  isSuccess,
  judge,
  send,
} from '../../testing/corpus/index.js';
import { API, guardedApp, platforms } from '../support/guarded-app.js';

const SCOPE = 'orders:read';

describe.each(platforms)('hostile proofs on %s', (_platform, adapter) => {
  let issuer: CorpusIssuer;
  let app: INestApplication;
  let url: URL;
  let forge: Forge;
  const rejections: Rejection[] = [];

  beforeAll(async () => {
    issuer = await CorpusIssuer.start({ audience: API });
    const onRejected = (rejection: Rejection) => rejections.push(rejection);
    app = await guardedApp(adapter, { ...issuer.options, dpop: {}, onRejected });
    url = new URL(`${await app.getUrl()}/orders`);
    forge = new Forge(issuer, { path: url.pathname, scope: SCOPE, dpopUrl: `${API}/orders` });
  });
  beforeEach(() => rejections.splice(0));
  afterAll(async () => {
    await app.close();
    await issuer.close();
  });

  const all = corpusFor({ algorithm: 'ES256', scope: SCOPE, dpop: true });
  const cases = all
    .filter(({ id }) => /^(dpop|credentials|several)-|^good-after-all$/.test(id))
    .map((one) => [one.id, one.title, one.rule, one] as const);

  it.each(cases)('answers %s as expected: %s (%s)', async (id, _title, _rule, one) => {
    const answer = await send(url, one.request(forge));

    expect([judge(one, answer), answer.challenge]).toEqual(['as-expected', answer.challenge]);
    if (isSuccess(answer.status)) expect(rejections).toEqual([]);
    else if (one.reason && id.startsWith('dpop')) {
      expect(rejections).toMatchObject([{ reason: one.reason, issuer: issuer.issuer }]);
    }
  });

  it('contains no cases about proofs for a service without DPoP', () => {
    const ids = corpusFor({ algorithm: 'ES256', scope: SCOPE }).map(({ id }) => id);
    expect(ids.filter((id) => id.startsWith('dpop-'))).toEqual([]);
  });
});
