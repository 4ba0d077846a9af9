const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * The first signal asks for an orderly end, the next one kills.
 *
 * @param {() => void} kill
 * @returns {{ signal: AbortSignal, forget: () => void }}
 */
export function stopSignals(kill) {
  const stopping = new AbortController();
  const onSignal = () => {
    if (stopping.signal.aborted) kill();
    stopping.abort();
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  const forget = () => SIGNALS.forEach((name) => process.off(name, onSignal));
  return { signal: stopping.signal, forget };
}
