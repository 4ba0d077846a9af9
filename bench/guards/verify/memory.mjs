import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Issuer } from '../issuer.mjs';
import { gatehouse } from './contenders/gatehouse.mjs';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc');

/** How many bytes a remembered token takes, its claims included. In a process that does nothing else. */
export async function measureMemory({ memory: { tokens: count } }) {
  const issuer = await Issuer.start({ algorithm: 'ES256' });
  const verify = await gatehouse([issuer], { maxTokens: count });
  // One piece of memory outside of the heap, so that the tokens themselves are not counted.
  const width = issuer.token().length + 'Bearer '.length;
  const tokens = Buffer.alloc(count * width);
  for (let i = 0; i < count; i += 1) tokens.latin1Write(`Bearer ${issuer.token()}`, i * width);
  const authorization = (i) => tokens.latin1Slice(i * width, (i + 1) * width);

  await verify(`Bearer ${issuer.token()}`);
  const before = used();
  // A token is remembered when it is seen for the second time.
  for (let pass = 0; pass < 2; pass += 1) {
    for (let i = 0; i < count; i += 1) await verify(authorization(i));
  }
  const bytes = used() - before;
  const remembered = await share(count, async (i) => {
    return (await verify(authorization(i))) === (await verify(authorization(i)));
  });
  return [{ tokens: count, bytesPerToken: bytes / count, remembered }];
}

function used() {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Of how many of them it is true, out of a hundred asked. */
async function share(count, isTrue) {
  let yes = 0;
  for (let i = 0; i < 100; i += 1) yes += Number(await isTrue(Math.floor((i * count) / 100)));
  return yes / 100;
}
