import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from '../workspace.mjs';

const options = readOptions();
const host = ts.createCompilerHost(options);
const parsed = new Map();

/**
 * Type-checks sources that are on no disk, with the options of the workspace.
 *
 * @param {Map<string, string>} sources by path relative to the root; one that exists is covered
 * @returns {{ file: string, line: number, says: string }[]} `line` counts from 0
 */
export function compile(sources) {
  const names = new Map([...sources.keys()].map((name) => [join(ROOT, name), name]));
  const texts = new Map([...names].map(([path, name]) => [path, sources.get(name)]));
  const program = ts.createProgram([...names.keys()], options, hostOf(texts));
  return [...names].flatMap(([path, file]) => {
    const source = program.getSourceFile(path);
    const found = [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ];
    return found.map(({ start = 0, messageText }) => ({
      file,
      line: source.getLineAndCharacterOfPosition(start).line,
      says: ts.flattenDiagnosticMessageText(messageText, ' '),
    }));
  });
}

function hostOf(texts) {
  return {
    ...host,
    fileExists: (path) => texts.has(path) || host.fileExists(path),
    readFile: (path) => texts.get(path) ?? host.readFile(path),
    getSourceFile(path, version) {
      const text = texts.get(path);
      if (text !== undefined) return ts.createSourceFile(path, text, version, true);
      // Nest's declarations take seconds to parse, and each document asks for them.
      if (!parsed.has(path)) parsed.set(path, host.getSourceFile(path, version));
      return parsed.get(path);
    },
  };
}

function readOptions() {
  const { config, error } = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), ts.sys.readFile);
  if (error) throw new Error(ts.flattenDiagnosticMessageText(error.messageText, ' '));
  return ts.convertCompilerOptionsFromJson(config.compilerOptions, ROOT).options;
}
