import type { INestApplication } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import { CorpusIssuer, runCorpus } from '../../../testing/corpus/index.js';
import { API, platforms } from '../../support/guarded-app.js';
import { JwtStrategy, passportApp } from '../../support/passport-app.js';

const guards = [
  ["AuthGuard('jwt')", AuthGuard('jwt')],
  ["AuthGuard(['jwt'])", AuthGuard(['jwt'])],
] as const;

describe.each(platforms)('hostile tokens on %s', (_platform, adapter) => {
  let issuer: CorpusIssuer;
  let app: INestApplication;

  afterEach(async () => {
    await app.close();
    await issuer.close();
  });

  it.each(guards)('each hostile token gets the expected answer of %s', async (_name, guard) => {
    issuer = await CorpusIssuer.start({ audience: API, algorithm: 'ES256' });
    const options = {
      ...issuer.options,
      dpop: {},
    };
    app = await passportApp({ adapter, options, guard, providers: [JwtStrategy] });
    const url = `${await app.getUrl()}/profile`;

    const deviations: string[] = [];
    let cases = 0;
    for await (const { case: one, verdict, received } of runCorpus(issuer, {
      url,
      dpopUrl: `${API}/profile`,
    })) {
      cases += 1;
      if (verdict !== 'as-expected') deviations.push(`${one.id}: ${verdict} ${received.status}`);
    }

    expect(deviations).toEqual([]);
    expect(cases).toBeGreaterThan(200);
  });
});
