import { type CodeBlock, parseCodeBlocks } from './code-blocks.js';

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

/** A command of a document, and what the document says that it prints. */
export interface Step {
  readonly command: string;
  readonly expected?: string;
  readonly line: number;
}
/** One reader's terminal: what a step sets, the next ones of the section can use. */
export interface Section {
  readonly title: string;
  readonly steps: readonly Step[];
}

const OUTPUTS = new Set(['console', 'json', 'text']);

/**
 * The `sh` blocks of a document by section, without those marked `sh skip`. A block of output that directly follows one
 * is what it must print.
 */
export function parseSections(markdown: string): Section[] {
  const sections = new Map<string, Step[]>();
  const blocks = parseCodeBlocks(markdown);
  for (const [at, block] of blocks.entries()) {
    if (block.language !== 'sh' || block.flags.includes('skip')) continue;
    const steps = sections.get(block.section) ?? [];
    sections.set(block.section, [...steps, createStep(block, blocks[at + 1])]);
  }
  return [...sections].map(([title, steps]) => ({ title, steps }));
}

function createStep({ text, line }: CodeBlock, next: CodeBlock | undefined): Step {
  const hasOutput = next?.followsDirectly === true && OUTPUTS.has(next.language);
  return { command: text, line, ...(hasOutput && { expected: next.text }) };
}
