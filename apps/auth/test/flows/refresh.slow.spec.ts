import { randomBytes } from 'node:crypto';
import { eachDatabase } from '@gatehouse/persistence/testing';
import { DataSource } from 'typeorm';
import { OAuthError } from '../../src/platform/oauth-error.js';
import { RefreshTokenFormat } from '../../src/sessions/refresh-token-family.entity.js';
import { RefreshTokenRotation } from '../../src/sessions/refresh-token-rotation.service.js';
import { anArrival } from '../support/factories.js';
import {
  TICKETS,
  decodeClaims,
  PHOTOS,
  TestAuth,
  type TestResponse,
  toDatabaseSettings,
} from '../support/test-auth.js';

const invalidGrant = {
  status: 400,
  body: {
    error: 'invalid_grant',
    error_description: 'The refresh_token is invalid, expired or revoked.',
  },
};
const successorIn = ({ body }: TestResponse): string => body['refresh_token'] ?? '';
const DAY = 86_400;

eachDatabase('refresh tokens', (fresh) => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start({ ...(await settings()), REFRESH_GRACE_SECONDS: '10' });
  });
  afterAll(() => auth.stop());
  async function settings() {
    return toDatabaseSettings(await fresh());
  }

  describe('rotation (RFC 9700 §4.14.2)', () => {
    it('returns a new access token and a new refresh token with every refresh', async () => {
      const { access_token, refresh_token } = await auth.createLogin();
      auth.clock.advance({ seconds: 60 });
      const answer = await auth.refresh(refresh_token);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(successorIn(answer)).not.toBe(refresh_token);
      expect(answer.body['access_token']).not.toBe(access_token);
      expect(decodeClaims(answer.body['access_token'])).toMatchObject({
        sub: decodeClaims(access_token)['sub'],
        sid: decodeClaims(access_token)['sid'],
        auth_time: decodeClaims(access_token)['auth_time'],
      });
    });

    it('rotates a refresh token at the token endpoint too (RFC 6749 §6)', async () => {
      const { refresh_token } = await auth.createLogin();
      const answer = await auth.token({
        grant_type: 'refresh_token',
        client_id: 'gatehouse-first-party',
        refresh_token,
      });
      expect(answer.status).toBe(200);
      expect((await auth.refresh(successorIn(answer))).status).toBe(200);
    });

    it('keeps one row per login after ten refreshes', async () => {
      const rows = async () => {
        const sql = 'SELECT count(*) AS n FROM refresh_token_family';
        const [row] = await auth.app.get(DataSource).query(sql);
        return Number(row.n);
      };
      let { refresh_token } = await auth.createLogin();
      const before = await rows();
      for (let n = 0; n < 10; n += 1)
        refresh_token = successorIn(await auth.refresh(refresh_token));
      expect(await rows()).toBe(before);
    });
  });

  describe('the grace window', () => {
    it('returns the same successor again to a client that lost the response', async () => {
      const { refresh_token } = await auth.createLogin();
      const first = await auth.refresh(refresh_token);
      auth.clock.advance({ seconds: 9 });
      const again = await auth.refresh(refresh_token);
      expect(again.status).toBe(200);
      expect(successorIn(again)).toBe(successorIn(first));
    });

    it('does not prolong the grace window when a client presents the predecessor in it', async () => {
      const { refresh_token } = await auth.createLogin();
      await auth.refresh(refresh_token);
      auth.clock.advance({ seconds: 9 });
      await auth.refresh(refresh_token);
      auth.clock.advance({ seconds: 1 });
      expect(await auth.refresh(refresh_token)).toMatchObject(invalidGrant);
    });

    it('rotates once for fifty concurrent refreshes, and every caller gets a usable pair', async () => {
      const { refresh_token } = await auth.createLogin();
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => auth.refresh(refresh_token)),
      );
      expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
      expect(new Set(answers.map(successorIn)).size).toBe(1);
      const [family = ''] = refresh_token.split('.');
      const [row] = await auth.app
        .get(DataSource)
        .query(`SELECT generation FROM refresh_token_family WHERE id = '${family}'`);
      expect(row.generation).toBe(1);
      const [first] = answers;
      if (first) expect((await auth.refresh(successorIn(first))).status).toBe(200);
    });
  });

  describe('reuse of a refresh token (RFC 9700 §4.14.2)', () => {
    it('revokes every descendant when a client presents an older token', async () => {
      const { refresh_token: stolen } = await auth.createLogin();
      const second = successorIn(await auth.refresh(stolen));
      const third = successorIn(await auth.refresh(second));
      expect(await auth.refresh(stolen)).toMatchObject(invalidGrant);
      expect(await auth.refresh(third)).toMatchObject(invalidGrant);
      expect(await auth.refresh(second)).toMatchObject(invalidGrant);
    });

    it('revokes the family when a client presents the predecessor after the grace window', async () => {
      const { refresh_token: stolen } = await auth.createLogin();
      const successor = successorIn(await auth.refresh(stolen));
      auth.clock.advance({ seconds: 10 });
      expect(await auth.refresh(stolen)).toMatchObject(invalidGrant);
      expect(await auth.refresh(successor)).toMatchObject(invalidGrant);
    });

    it('keeps other logins of the account when one family is revoked for reuse', async () => {
      await auth.register('two-devices@gatehouse.example');
      const phone = successorIn(await auth.login('two-devices@gatehouse.example'));
      const laptop = successorIn(await auth.login('two-devices@gatehouse.example'));
      await auth.refresh(successorIn(await auth.refresh(phone)));
      expect(await auth.refresh(phone)).toMatchObject(invalidGrant);
      expect((await auth.refresh(laptop)).status).toBe(200);
    });
  });

  describe('the end of a refresh token family', () => {
    it('rejects a refresh token that was not used for the idle lifetime', async () => {
      const { refresh_token } = await auth.createLogin();
      auth.clock.advance({ seconds: 14 * DAY - 1 });
      const successor = successorIn(await auth.refresh(refresh_token));
      auth.clock.advance({ seconds: 14 * DAY });
      expect(await auth.refresh(successor)).toMatchObject(invalidGrant);
    });

    it('rejects a refresh token after the absolute lifetime even if it was used every week', async () => {
      let { refresh_token } = await auth.createLogin();
      for (let week = 0; week < 12; week += 1) {
        auth.clock.advance({ seconds: 7 * DAY });
        refresh_token = successorIn(await auth.refresh(refresh_token));
      }
      auth.clock.advance({ seconds: 6 * DAY - 60 });
      const last = await auth.refresh(refresh_token);
      expect(last.body['expires_in']).toBe(60);
      auth.clock.advance({ seconds: 60 });
      expect(await auth.refresh(successorIn(last))).toMatchObject(invalidGrant);
    });

    it('revokes the family at a logout with a token of any generation, also repeatedly', async () => {
      const { refresh_token } = await auth.createLogin();
      const successor = successorIn(await auth.refresh(refresh_token));
      const logouts = [refresh_token, refresh_token, 'no token at all'].map((token) =>
        auth.json('/auth/logout', { refresh_token: token }),
      );
      expect((await Promise.all(logouts)).map(({ status }) => status)).toEqual([204, 204, 204]);
      expect(await auth.refresh(successor)).toMatchObject(invalidGrant);
    });
  });

  describe('the parameters of a refresh', () => {
    it('issues an access token for another granted resource server (RFC 8707 §2.2)', async () => {
      const { refresh_token } = await auth.createLogin();
      const tickets = await auth.refresh(refresh_token, { resource: TICKETS });
      expect(decodeClaims(tickets.body['access_token'])).toMatchObject({ aud: TICKETS });
      expect(tickets.body['scope']).toBe('tickets:read tickets:pay');
      const photos = await auth.refresh(successorIn(tickets));
      expect(decodeClaims(photos.body['access_token'])).toMatchObject({ aud: PHOTOS });
    });

    it('issues an access token with less scope, and later with the full scope again (RFC 6749 §6)', async () => {
      const { refresh_token } = await auth.createLogin();
      const less = await auth.refresh(refresh_token, { scope: 'photos:read' });
      expect(less.body['scope']).toBe('photos:read');
      const all = await auth.refresh(successorIn(less));
      expect(all.body['scope']).toBe('photos:read photos:write');
    });

    it.each([
      ['wider scope', {}, { scope: 'tickets:invoices:create' }, 'invalid_scope'],
      [
        'scope that was not requested at login',
        { scope: 'photos:read' },
        { scope: 'photos:write' },
        'invalid_scope',
      ],
      [
        'a resource that was not requested at login',
        { resource: PHOTOS },
        { resource: TICKETS },
        'invalid_target',
      ],
      ['an unknown resource', {}, { resource: 'urn:elsewhere' }, 'invalid_target'],
    ])(
      'rejects a request for %s, and the refresh token stays valid',
      async (_, login, request, error) => {
        const { refresh_token } = await auth.createLogin(login);
        const refused = await auth.refresh(refresh_token, request);
        expect([refused.status, refused.body['error']]).toEqual([400, error]);
        expect((await auth.refresh(refresh_token)).status).toBe(200);
      },
    );
  });

  describe('a token that this server did not issue to the client', () => {
    it('rejects every kind of forged refresh token with the same error', async () => {
      const { refresh_token } = await auth.createLogin();
      const [id = '', generation, secret, mac = ''] = refresh_token.split('.');
      const unknownFamily = auth.app
        .get(RefreshTokenFormat)
        .write({ familyId: 'A'.repeat(22), generation: 0 });
      const ahead = `${id}.1.${secret}.${mac}`;
      const otherMac = `${id}.${generation}.${secret}.${mac.startsWith('A') ? 'B' : 'A'}${mac.slice(1)}`;
      for (const token of ['', 'x', unknownFamily, ahead, otherMac, `${refresh_token}=`]) {
        const answer = await auth.refresh(token);
        expect(answer.status).toBe(400);
        if (token !== '') expect(answer).toMatchObject(invalidGrant);
      }
      expect((await auth.refresh(refresh_token)).status).toBe(200);
    });

    it('rejects a refresh token of another client, and keeps it valid for its own client (RFC 6749 §5.2)', async () => {
      await auth.registerClient({ id: 'other-client', secret: 'other-secret' });
      const { refresh_token } = await auth.createLogin();
      const parameters = { grant_type: 'refresh_token', refresh_token };
      const stolen = await auth.token(parameters, 'other-client:other-secret');
      expect(stolen).toMatchObject(invalidGrant);
      expect((await auth.refresh(refresh_token)).status).toBe(200);
    });

    it('rejects ten thousand refresh tokens with a wrong MAC while the database is closed, so without a query', async () => {
      const own = await TestAuth.start({ ...(await settings()), SERVER_SECRET: 'x'.repeat(32) });
      const { refresh_token } = await own.createLogin();
      const [id, generation, secret] = refresh_token.split('.');
      const forged = () => `${id}.${generation}.${secret}.${randomBytes(32).toString('base64url')}`;
      await own.app.get(DataSource).destroy();
      const tokens = own.app.get(RefreshTokenRotation);
      const client = {
        id: 'gatehouse-first-party',
        refreshIdleTtl: null,
        refreshAbsoluteTtl: null,
      };
      for (let presented = 0; presented < 10_000; presented += 1) {
        const request = { client, arrival: anArrival(own.clock) };
        await expect(tokens.validate(forged(), request)).rejects.toBeInstanceOf(OAuthError);
      }
      const answers = await Promise.all(Array.from({ length: 50 }, () => own.refresh(forged())));
      expect(answers.filter(({ body }) => body['error'] !== 'invalid_grant')).toEqual([]);
      const parameters = { grant_type: 'refresh_token', client_id: 'gatehouse-first-party' };
      const answer = await own.token({ ...parameters, refresh_token: forged() });
      expect(answer).toMatchObject(invalidGrant);
      expect((await own.refresh(refresh_token)).status).toBe(500);
      await own.stop();
    });
  });
});

describe('a server without a grace window (REFRESH_GRACE_SECONDS=0)', () => {
  it('treats the predecessor as a replay at once without a grace window', async () => {
    const auth = await TestAuth.start({ REFRESH_GRACE_SECONDS: '0' });
    const { refresh_token } = await auth.createLogin();
    const successor = successorIn(await auth.refresh(refresh_token));
    expect(await auth.refresh(refresh_token)).toMatchObject(invalidGrant);
    expect(await auth.refresh(successor)).toMatchObject(invalidGrant);
    await auth.stop();
  });
});
