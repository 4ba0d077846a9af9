/** Before anything is timed: does each contender accept what it must, and refuse what it must? */
import { authorization, presented } from './presented.mjs';

export async function probe({ name, verify, checksClaims = true }, issuer) {
  const good = issuer.token();
  must(await accepts(verify, good), name, 'accept a good token');
  must(await accepts(verify, good), name, 'accept it again');
  must(!(await accepts(verify, forged(good))), name, 'refuse another signature');
  if (!checksClaims) return;
  const bad = { iss: 'https://other.example', aud: 'https://other.example', exp: 1 };
  for (const [claim, value] of Object.entries(bad)) {
    const refused = !(await accepts(verify, issuer.token({ [claim]: value })));
    must(refused, name, `refuse another ${claim}`);
  }
}

async function accepts(verify, token) {
  const shown = presented(token);
  try {
    await verify(authorization(shown), shown);
    return true;
  } catch {
    return false;
  }
}

/** The same token with one character of its signature changed. */
function forged(token) {
  const at = token.lastIndexOf('.') + 10;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

function must(condition, name, sentence) {
  if (!condition) throw new Error(`${name} must ${sentence}`);
}
