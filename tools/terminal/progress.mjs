/**
 * Shows what is being waited for, with the time it takes: one line that counts on a terminal, two lines elsewhere.
 *
 * @template T
 * @param {{ stream: NodeJS.WriteStream, doing: string, done: string }} line
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withProgress({ stream, doing, done }, work) {
  const began = performance.now();
  const seconds = (digits) => ((performance.now() - began) / 1000).toFixed(digits);
  const tick = () => stream.write(`\r${doing} … ${seconds(0)} s`);
  const timer = stream.isTTY ? setInterval(tick, 1000) : undefined;
  stream.write(stream.isTTY ? `${doing} …` : `${doing} …\n`);
  let ending = `${doing} ended after`;
  try {
    const result = await work();
    ending = `${done} in`;
    return result;
  } finally {
    clearInterval(timer);
    // Erase in line: the counter may have been longer than what replaces it.
    stream.write(`${stream.isTTY ? '\r\u001b[K' : ''}${ending} ${seconds(1)} s\n`);
  }
}
