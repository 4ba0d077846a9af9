export interface CodeBlock {
  /** The heading of level two that it is under. */
  readonly section: string;
  readonly language: string;
  /** What follows the language in the info string (CommonMark §4.5). */
  readonly flags: readonly string[];
  readonly text: string;
  /** Where it begins, counted from 1. */
  readonly line: number;
  /** Whether nothing but blank lines is between it and the block (or heading) before. */
  readonly followsDirectly: boolean;
}

/** A heading, or a fenced code block (CommonMark §4.5) with everything in it. */
const PIECE =
  /^## +(?<heading>.*)$|^(?<fence>`{3,})(?<info>[^`\n]*)\n(?<text>[^]*?)^\k<fence>[ \t]*$/gm;

/**
 * The fenced code blocks of a Markdown text, in order.
 *
 * @throws {Error} when one is not closed: what follows would be taken for code
 */
export function parseCodeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let section = '';
  let end = 0;
  for (const { 0: whole, index, groups = {} } of markdown.matchAll(PIECE)) {
    const between = markdown.slice(end, index);
    rejectOpenFence(between);
    end = index + whole.length;
    section = groups['heading'] ?? section;
    if (groups['heading'] !== undefined) continue;
    const followsDirectly = blocks.length > 0 && between.trim() === '';
    blocks.push({
      section,
      ...parseContent(groups),
      line: getLineNumber(markdown, index),
      followsDirectly,
    });
  }
  rejectOpenFence(markdown.slice(end));
  return blocks;
}

function parseContent({ info = '', text = '' }: Readonly<Record<string, string>>) {
  const [language = '', ...flags] = info.trim().split(/\s+/);
  return { language, flags, text: text.replace(/\n$/, '') };
}

function rejectOpenFence(prose: string): void {
  const [fence] = /^```.*$/m.exec(prose) ?? [];
  if (fence !== undefined) throw new Error(`a code block is not closed: ${fence}`);
}

const getLineNumber = (text: string, index: number): number =>
  text.slice(0, index).split('\n').length;
