import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../workspace.mjs';
import { codeBlocksOf } from './documents.mjs';

/** @typedef {import('./documents.mjs').Document} Document */
/** @typedef {import('./documents.mjs').CodeBlock} CodeBlock */

/** @type {import('./main.mjs').Check} */
export const codeBlocksCheck = {
  title: 'Code blocks compile with the workspace',
  hint: 'Correct the block. Mark a block that is incomplete "ts fragment".',
  faults: (all) => all.flatMap(documentFaults),
};

/**
 * Blocks of one document can import each other by the name in a first line such as `// app.module.ts`. A name with a folder is
 * relative to the root, so that the imports of such a block are those of that file.
 *
 * @param {Document} document
 */
function documentFaults(document) {
  const blocks = codeBlocksOf(document).filter(({ info }) => info === 'ts');
  if (blocks.length === 0) return [];
  const byName = new Map(blocks.map((block) => [fileNameOf(block, document), block]));
  return compile(new Map([...byName].map(([name, { code }]) => [name, code]))).map(
    ({ name, line, message }) => ({
      place: `${document.path}:${(byName.get(name)?.line ?? 0) + line}`,
      message,
    }),
  );
}

/** The folder whose packages documents import, such as Express and @nestjs/graphql, besides those of the root. */
const PACKAGES = 'libs/guards/test';

/** @param {CodeBlock} block @param {Document} document */
function fileNameOf({ code, line }, { path }) {
  const name = /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `${posix.basename(path)}-line-${line}.ts`;
  return name.includes('/')
    ? name
    : posix.join(existsSync(join(ROOT, PACKAGES)) ? PACKAGES : posix.dirname(path), name);
}

const options = readCompilerOptions();
const diskHost = ts.createCompilerHost(options);
/** @type {Map<string, ts.SourceFile | undefined>} */
const parsed = new Map();

/**
 * Type-checks texts with the compiler options of the workspace.
 *
 * @param {Map<string, string>} sources by path below the root; a text hides a file with the same path
 * @returns {{ name: string, line: number, message: string }[]} `line` counts from 0
 */
function compile(sources) {
  const texts = new Map([...sources].map(([name, text]) => [join(ROOT, name), text]));
  const program = ts.createProgram([...texts.keys()], options, hostWith(texts));
  return [...sources.keys()].flatMap((name) => {
    const source = program.getSourceFile(join(ROOT, name));
    if (!source) return [];
    const diagnostics = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return diagnostics.map(({ start = 0, messageText }) => ({
      name,
      line: source.getLineAndCharacterOfPosition(start).line,
      message: ts.flattenDiagnosticMessageText(messageText, ' '),
    }));
  });
}

/** @param {Map<string, string>} texts @returns {ts.CompilerHost} */
function hostWith(texts) {
  return {
    ...diskHost,
    fileExists: (path) => texts.has(path) || diskHost.fileExists(path),
    readFile: (path) => texts.get(path) ?? diskHost.readFile(path),
    getSourceFile(path, version) {
      const text = texts.get(path);
      if (text !== undefined) return ts.createSourceFile(path, text, version, true);
      // Shared by all documents, because the declarations of Nest take seconds to parse.
      if (!parsed.has(path)) parsed.set(path, diskHost.getSourceFile(path, version));
      return parsed.get(path);
    },
  };
}

function readCompilerOptions() {
  const { config, error } = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), ts.sys.readFile);
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, ' '));
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT).options;
}
