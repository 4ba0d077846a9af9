import type { Step } from './steps.js';

/** Where a test's stack is, instead of where a reader's is. */
export interface StackLocations {
  /** By the port that the document writes, the one to use. */
  readonly ports: ReadonlyMap<string, string>;
  /** Instead of the folder `data`. */
  readonly dataDir: string;
}

const ADDRESS = /localhost:(\d+)/g;
/** An address in a command, unless it is a resource's identifier (RFC 8707): that is a name, and stays. */
const ADDRESS_TO_CALL = /(?<!resource\W{1,9}http:\/\/)localhost:(\d+)/g;
const ISSUER_PORT = '3000';

/** The step on this stack. What is printed names the issuer, which moves with its port, and audiences, which stay. */
export function relocateStep(step: Step, { ports, dataDir }: StackLocations): Step {
  const move = (address: string, port: string) => `localhost:${ports.get(port) ?? port}`;
  const moveIssuer = (address: string, port: string) =>
    port === ISSUER_PORT ? move(address, port) : address;
  return {
    ...step,
    command: step.command
      .replace(ADDRESS_TO_CALL, move)
      .replace(/(?<![\w./-])data\//g, `${dataDir}/`),
    ...(step.expected !== undefined && { expected: step.expected.replace(ADDRESS, moveIssuer) }),
  };
}
