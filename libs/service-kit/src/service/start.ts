/**
 * Runs a program's main function. What its operator can mend (settings, a port in use) is told in a sentence, anything else
 * with its stack; then the process exits with 1.
 */
export async function start(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // By name, so that a library that knows nothing of us may have its own.
  if (error.name.endsWith('ConfigurationError')) return error.message;
  return addressFault(error) ?? error.stack ?? error.message;
}

function addressFault(error: Error): string | undefined {
  if (!('code' in error) || !('port' in error)) return undefined;
  if (error.code === 'EADDRINUSE')
    return `Port ${String(error.port)} is in use. Stop the other process or set PORT.`;
  if (error.code === 'EACCES')
    return `Port ${String(error.port)} needs privileges. Set PORT to 1024 or more.`;
  if (error.code === 'EADDRNOTAVAIL') return 'HOST is not an address of this machine. Set HOST.';
  return undefined;
}
