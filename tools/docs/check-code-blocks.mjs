import { posix } from 'node:path';
import { codeBlocksOf } from './markdown.mjs';
import { compile } from './compile.mjs';

/** @type {import('./run-checks.mjs').Check} */
export const codeBlocks = {
  title: 'Code blocks compile against the workspace',
  mend: 'Correct the block; one that cannot stand alone is marked "ts fragment".',
  faults: (all) => all.flatMap(documentFaults),
};

/**
 * Blocks of one document may import each other, by the name that a first line such as `// app.module.ts` gives them. A
 * name with a folder in it is taken from the root, so that the imports of such a block are those of that file.
 */
function documentFaults(document) {
  const blocks = codeBlocksOf(document).filter(({ info }) => info === 'ts');
  if (blocks.length === 0) return [];
  const files = new Map(blocks.map((block) => [nameOf(block, document), block]));
  const code = new Map([...files].map(([name, block]) => [name, block.code]));
  return compile(code).map(({ file, line, says }) => ({
    place: `${document.path}:${files.get(file).line + line}`,
    says,
  }));
}

function nameOf({ code, line }, { path }) {
  const name = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `${posix.basename(path)}-line-${line}.ts`;
  return name.includes('/') ? name : posix.join(posix.dirname(path), name);
}
