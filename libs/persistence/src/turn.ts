let settling = false;

/**
 * Resolves when everything that can be done in this turn of the event loop has been started, so that it can be done
 * together: what the sockets brought meanwhile when called from there, and when called from what follows a turn's end,
 * whatever else follows from it. Of a look-up that leads to a look-up that leads to a write, all three are shared by the
 * requests that arrived together.
 */
export function endOfTurn(): Promise<void> {
  if (settling) return new Promise((resolve) => process.nextTick(resolve));
  return new Promise((resolve) => {
    setImmediate(() => {
      settling = true;
      resolve();
    });
    // Runs when all that follows from the one above is done, and before the sockets are read again.
    setImmediate(() => {
      settling = false;
    });
  });
}
