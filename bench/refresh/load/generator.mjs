/**
 * The load generator, a process of its own. It takes jobs from its parent, one at a time:
 * `{ request, target, chains, connections, seconds }`, and sends back what it saw.
 */
import { drive } from '../../load/drive.mjs';
import * as requests from './requests.mjs';

process.on('message', async (job) => process.send(await run(job)));
process.send('ready');

async function run({ request, target, chains, connections, seconds }) {
  // Every connection has chains of its own: no refresh token is ever used twice.
  const shares = Array.from({ length: connections }, (_, index) =>
    chains.filter((_token, chain) => chain % connections === index),
  );
  const { port, ports } = target;
  const seen = await drive({ port, ports, connections, seconds }, (index) =>
    requests[request](target, shares[index], index),
  );
  return { ...seen, chains: inTurn(shares) };
}

/** Back into one list, so that the next job gives each connection the same share, where it left off. */
function inTurn(shares) {
  return shares[0].flatMap((_, turn) => shares.map((share) => share[turn]).filter(Boolean));
}
