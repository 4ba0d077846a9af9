import { Connection } from '../load/connection.mjs';
import { isGood } from '../load/drive.mjs';
import { CookieJar } from './cookie-jar.mjs';
import { walk } from './requests.mjs';

/** More requests than any server needs for it: then it goes round in a circle. */
const MOST = 20;

/**
 * Signs somebody in before anything is measured.
 * @returns {Promise<{ cookies: Array<[string, string]>, tokens: object }>}
 */
export async function signInOnce(target, email) {
  const connection = await Connection.open(target.port);
  try {
    const walking = walk(target, new CookieJar(), email);
    for (let more = true; more;) {
      const { status, head, body } = await connection.exchange(walking.request);
      if (!isGood(status, true)) throw new Error(`sign-in: ${status} ${body.slice(0, 300)}`);
      more = walking.accept(body, head);
    }
    return { cookies: walking.jar.cookies, tokens: walking.tokens };
  } finally {
    connection.close();
  }
}
