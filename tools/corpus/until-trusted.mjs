import { setTimeout as sleep } from 'node:timers/promises';
import { receivedText } from './answers.mjs';
import { Forge, isSuccess, send } from './sources.mjs';

const PAUSE_MS = 1000;

/**
 * Sends good tokens until one is accepted: a service that has asked for keys before may wait a while until it asks again.
 *
 * @param {import('./options.mjs').CorpusOptions} options
 * @returns {Promise<string | undefined>} why it is of no use to go on
 */
export async function untilTrusted(issuer, { url, scope, waitSeconds }) {
  const target = new URL(url);
  const forge = new Forge(issuer, { path: target.pathname + target.search, scope });
  const give = Date.now() + waitSeconds * 1000;
  for (;;) {
    const headers = [['Authorization', `Bearer ${forge.accessToken()}`]];
    const answer = await send(target, { headers });
    if (isSuccess(answer.status)) return undefined;
    const mayBeKeys = answer.status === 401 || answer.status === 503;
    if (!mayBeKeys || Date.now() > give) return explain(answer, url);
    await sleep(PAUSE_MS);
  }
}

function explain(answer, url) {
  if (answer.status === 0) return `Nothing answers at ${url}. Is the service running?`;
  const refused = `A good token got ${receivedText(answer)} at ${url}.`;
  if (answer.status === 403) return `${refused} Does it ask for another scope? See --scope.`;
  if (answer.status === 401 || answer.status === 503) {
    return `${refused} Is the service configured as above?`;
  }
  return `${refused} It must be an address that answers GET with 2xx.`;
}
