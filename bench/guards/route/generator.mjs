/**
 * The load generator, a process of its own. It takes jobs from its parent, one at a time:
 * `{ port, connections, seconds, tokens, once }`, and sends back what it saw.
 */
import { drive } from '../../load/drive.mjs';

process.on('message', async (job) => process.send(await run(job)));
process.send('ready');

/** All connections take the tokens in turn: over and over, or each of them only once. */
function run({ tokens, once, ...job }) {
  const requests = tokens.map((token) => requestFor(token, job));
  let turn = 0;
  const next = () => {
    if (turn === requests.length && !once) turn = 0;
    return requests[turn++];
  };
  return drive(job, () => ({ next, accept: () => {} }));
}

function requestFor(token, { port }) {
  return (
    `GET /orders HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` + `Authorization: Bearer ${token}\r\n\r\n`
  );
}
