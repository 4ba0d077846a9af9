/** What the person at the terminal can mend: told in its own words, without a stack. */
export class Failure extends Error {}

/** Runs a tool's main function; its exit code is 1 when that fails. */
export async function runTool(main) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(`${error instanceof Failure ? error.message : error.stack}\n`);
    process.exitCode = 1;
  }
}
