import { expectOAuthError, expectStatus, expectThat } from './expectations.mjs';

/** The window begins at the rotation, which is over by the time of its answer; a second for the clocks' rounding. */
const MARGIN_MS = 1000;
/** It lives one second, guards forgive five, and instants are rounded to seconds. */
const EXPIRED_AFTER_MS = 7500;

export const refreshSteps = [
  {
    title: 'Refresh',
    why: 'The refresh token is used up and a new one takes its place: the family is at its next generation.',
    async run(walk) {
      const answer = await refresh(walk, walk.firstRefreshToken);
      expectStatus(answer, 200);
      walk.rotatedAt = Date.now();
      walk.successor = answer.body.refresh_token;
      expectThat(
        walk.successor !== walk.firstRefreshToken,
        'the refresh token should be a new one',
      );
    },
  },
  {
    title: 'Refresh once more with the old token, within the window',
    why: 'The same successor again: a lost answer or a second tab logs nobody out.',
    async run(walk) {
      const answer = await refresh(walk, walk.firstRefreshToken);
      expectStatus(answer, 200);
      expectThat(answer.body.refresh_token === walk.successor, 'the successor should be the same');
    },
  },
  {
    title: 'As a client, get a token that lives for one second, and use it',
    why: 'Good now. Kept for later, when it will have expired in earnest.',
    async run(walk) {
      const answer = await walk.call({
        method: 'POST',
        url: `${walk.urls.auth}/oauth/token`,
        client: { id: 'short-lived-demo', secret: walk.credentials.SHORT_LIVED_SECRET },
        form: { grant_type: 'client_credentials', scope: 'orders:read' },
      });
      expectStatus(answer, 200);
      expectThat(answer.body.expires_in === 1, 'it should live for one second');
      walk.shortLivedToken = answer.body.access_token;
      walk.expiresBy = Date.now() + EXPIRED_AFTER_MS;
      const url = `${walk.urls.orders}/orders`;
      expectStatus(await walk.call({ url, token: walk.shortLivedToken }), 200);
    },
  },
  {
    title: 'Replay the old token after the window',
    why: 'Nobody honest still has it, so two hold this login: the family ends, and an event tells the operator.',
    async run(walk) {
      const windowEnd = walk.rotatedAt + walk.graceSeconds * 1000 + MARGIN_MS;
      const end = Math.max(windowEnd, walk.expiresBy);
      await walk.narrator.wait(end - Date.now(), 'the window must have closed');
      expectOAuthError(await refresh(walk, walk.firstRefreshToken), 'invalid_grant');
    },
  },
  {
    title: 'Use its successor, which nobody replayed',
    why: 'It has ended too: whichever of the two was the thief holds nothing now.',
    async run(walk) {
      expectOAuthError(await refresh(walk, walk.successor), 'invalid_grant');
    },
  },
];

function refresh(walk, token) {
  const url = `${walk.urls.auth}/auth/refresh`;
  return walk.call({ method: 'POST', url, json: { refresh_token: token } });
}
