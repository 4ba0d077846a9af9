import { type CodeBlock, parseCodeBlocks } from './code-blocks.js';

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
