import { Connection } from '../load/connection.mjs';
import { isGood } from '../load/drive.mjs';
import { CookieJar } from './cookie-jar.mjs';
import { Walk } from './requests.mjs';

/** More requests than any server needs for it: then it goes round in a circle. */
const MOST = 20;

/**
 * Signs somebody in before anything is measured.
 * @returns {Promise<{ cookies: Array<[string, string]>, tokens: object }>}
 */
export async function signInOnce(target, email) {
  const connection = await Connection.open(target.port);
  try {
    const walk = new Walk(target, new CookieJar(), email);
    for (let sent = 0; walk.tokens === undefined; sent += 1) {
      if (sent === MOST) throw new Error(`sign-in: no tokens, but ${walk.request}`);
      const { status, head, body } = await connection.exchange(walk.request);
      if (!isGood(status, true)) throw new Error(`sign-in: ${status} ${body.slice(0, 300)}`);
      walk.accept(body, head);
    }
    return { cookies: walk.jar.cookies, tokens: walk.tokens };
  } finally {
    connection.close();
  }
}
