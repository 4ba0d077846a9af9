import { deriveSessionId } from '../../src/tokens/issued-credentials.js';
import { AuthProcess } from '../support/auth-process.js';
import { aClient, aSession } from '../support/factories.js';
import { LogoutReceiver } from '../support/logout-receiver.js';
import { TestAuth } from '../support/test-auth.js';

describe('back-channel logout by a process that is killed', () => {
  it('delivers the logout token after a restart when the process was killed during the delivery', async () => {
    const receiver = await LogoutReceiver.start();
    const secrets = { SERVER_SECRET: 'x'.repeat(32) };
    const setup = await TestAuth.start(secrets);
    const { ISSUER, DATA_DIR, ID_TOKEN_ALGORITHM } = setup.config;
    const settings = { ...secrets, ISSUER, DATA_DIR, ID_TOKEN_ALGORITHM };
    const client_id = await aClient(setup, { backchannelLogoutUri: receiver.uri });
    const token = await aSession(setup, client_id);
    const sid = deriveSessionId(token.split('.')[0] ?? '');
    await setup.stop();

    receiver.answer = 'never';
    const killed = await AuthProcess.start(settings);
    const body = new URLSearchParams({ token, client_id });
    const revocation = await fetch(`${killed.url}/oauth/revoke`, { method: 'POST', body });
    expect(revocation.status).toBe(200);
    await receiver.receive(sid, 1);
    await killed.stop();

    receiver.answer = 200;
    const restarted = await AuthProcess.start(settings);
    await receiver.receive(sid, 2);
    await restarted.stop();
    await receiver.stop();
  });
});
