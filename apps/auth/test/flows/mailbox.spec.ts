import { request } from 'node:http';
import { authConfig } from '../../src/auth.config.js';
import { anAccount } from '../support/factories.js';
import { TestAuth } from '../support/test-auth.js';
import { readMail, readMails } from '../support/test-mailbox.js';

/** Sends a request with any `Host`, which `fetch` does not allow. @returns status and body */
function get(auth: TestAuth, headers: Record<string, string>) {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const sent = request(`${auth.url}/dev/mailbox`, { headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.on('error', reject).end();
  });
}

describe('the mailbox page of a development server', () => {
  let auth: TestAuth;
  beforeAll(async () => {
    auth = await TestAuth.start({ DEV_MAILBOX: 'true' });
  });

  it('shows the mails of the server, newest first, with links that a developer can click', async () => {
    const { email } = await anAccount(auth);
    await auth.json('/auth/password/forgotten', { email });
    const { link } = await readMail(auth, email);
    const { status, text } = await auth.send('/dev/mailbox', {});
    expect(status).toBe(200);
    expect(text).toContain(`<a href="http://localhost:3000${link}">`);
    expect(text.indexOf('Choose a new password')).toBeLessThan(
      text.indexOf('Confirm your e-mail address'),
    );
  });

  it('keeps the latest hundred mails', async () => {
    for (let n = 0; n < 101; n += 1) await auth.register(`many-${n}@gatehouse.example`);
    for (let batch = 0; batch < 11; batch += 1) await readMails(auth, 'many-0@gatehouse.example');
    const { text } = await auth.send('/dev/mailbox', {});
    expect(text.match(/class="name"/g)).toHaveLength(100);
  });

  it.each([
    ['a name that resolves to this machine (DNS rebinding)', { host: 'evil.example' }],
    ['a proxy', { host: 'localhost', 'x-forwarded-for': '192.0.2.1' }],
  ])('answers 404 to a request by %s', async (_, headers) => {
    expect(await get(auth, headers)).toMatchObject({ status: 404 });
    expect(await get(auth, { host: 'localhost' })).toMatchObject({ status: 200 });
  });

  it('answers 404 to a page that names this machine as the forwarded host (DNS rebinding)', async () => {
    const trusting = await TestAuth.start({ DEV_MAILBOX: 'true', TRUST_PROXY: 'loopback' });
    const headers = { host: 'evil.example', 'x-forwarded-host': 'localhost:3000' };
    expect(await get(trusting, headers)).toMatchObject({ status: 404 });
    expect(await get(trusting, { host: 'localhost' })).toMatchObject({ status: 200 });
    await trusting.stop();
  });

  it('does not exist unless DEV_MAILBOX is true', async () => {
    const other = await TestAuth.start();
    expect(await get(other, { host: 'localhost' })).toMatchObject({ status: 404 });
    await other.stop();
  });

  it('stops the start of a production server', () => {
    const start = () => authConfig({ NODE_ENV: 'production', DEV_MAILBOX: 'true' });
    expect(start).toThrow(/DEV_MAILBOX.*must be false/);
  });
});
