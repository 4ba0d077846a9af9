let lastInstant = 0;
let lastText = '';

/** The time member of a log line, ISO 8601 in UTC. Lines of one millisecond share the text: formatting it is dear. */
export function timestamp(): string {
  const now = Date.now();
  if (now !== lastInstant) {
    lastInstant = now;
    lastText = `,"time":"${new Date(now).toISOString()}"`;
  }
  return lastText;
}
