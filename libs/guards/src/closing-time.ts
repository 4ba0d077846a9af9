/** The longest that a timer of Node can wait, in milliseconds: about 25 days. */
const LONGEST_WAIT = 2 ** 31 - 1;

/**
 * Closes a connection when the token that it was opened with ends. The process does not stay alive for it.
 *
 * @param remainingMs for how long the token is good, asked again at the end of every wait
 * @returns a function that forgets it
 */
export function closeInTime(remainingMs: () => number, close: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const wait = () => {
    const remaining = remainingMs();
    if (remaining <= 0) return close();
    timer = setTimeout(wait, Math.min(remaining, LONGEST_WAIT)).unref();
  };
  wait();
  return () => clearTimeout(timer);
}
