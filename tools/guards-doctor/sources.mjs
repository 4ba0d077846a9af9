import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { UsageError } from '../terminal/command.mjs';

/**
 * The TypeScript of a service. The packages that it imports are not read, so they need not be installed.
 *
 * @typedef {object} Sources
 * @property {string} folder
 * @property {ts.TypeChecker} checker
 * @property {ts.SourceFile[]} files of the service and of the folders that it imports, without tests and guards
 * @property {(node: ts.Node) => boolean} isOfGuards whether the node is in a copy of the guards
 */

const NOT_READ = ['**/node_modules', '**/dist', '**/build', '**/coverage'];
const TEST = /(?:^|\/)(?:tests?|__tests__|e2e)\/|[.-](?:e2e-)?(?:spec|test)\.ts$|\.d\.ts$/;

/**
 * @param {string} folder
 * @returns {Sources}
 * @throws {UsageError} when the folder has no TypeScript sources
 */
export function readSources(folder) {
  const all = existsSync(folder) ? ts.sys.readDirectory(folder, ['.ts'], NOT_READ) : [];
  const copies = all.filter((path) => isRootOfCopy(path, all)).map((path) => dirname(path));
  /** @param {string} path */
  const isCopied = (path) => copies.some((copy) => path.startsWith(`${copy}/`));
  const own = all.filter((path) => !TEST.test(toPosix(relative(folder, path))));
  if (own.length === 0) throw new UsageError(`${folder} has no TypeScript sources.`);
  const program = createProgram(folder, own);
  const files = program.getSourceFiles().filter(({ fileName }) => {
    return !isCopied(fileName) && !TEST.test(toPosix(relative(folder, fileName)));
  });
  return {
    folder,
    files,
    checker: program.getTypeChecker(),
    isOfGuards: (node) => isCopied(node.getSourceFile().fileName),
  };
}

/** A copy of the guards has an index.ts beside `nest/guards.module.ts`. @param {string} path @param {string[]} all */
function isRootOfCopy(path, all) {
  return basename(path) === 'index.ts' && all.includes(`${dirname(path)}/nest/guards.module.ts`);
}

/** @param {string} path */
const toPosix = (path) => path.replaceAll(sep, '/');

/** @param {string} folder @param {string[]} rootNames */
function createProgram(folder, rootNames) {
  const { paths, baseUrl } = compilerOptionsFor(folder);
  /** @type {ts.CompilerOptions} */
  const options = {
    noLib: true,
    types: [],
    skipLibCheck: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    experimentalDecorators: true,
    baseUrl: baseUrl ?? folder,
    ...(paths && { paths }),
  };
  const host = ts.createCompilerHost(options, true);
  host.resolveModuleNameLiterals = (names, file) =>
    names.map(({ text }) => {
      const { resolvedModule } = ts.resolveModuleName(text, file, options, host);
      const isOwn =
        resolvedModule && !/\/node_modules\/|\.d\.ts$/.test(resolvedModule.resolvedFileName);
      return { resolvedModule: isOwn ? resolvedModule : undefined };
    });
  return ts.createProgram({ rootNames, options, host });
}

/** @param {string} folder @returns {ts.CompilerOptions} */
function compilerOptionsFor(folder) {
  const file = ts.findConfigFile(folder, ts.sys.fileExists);
  if (!file) return {};
  const { config } = ts.readConfigFile(file, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, files: [] },
    ts.sys,
    dirname(file),
  );
  return { ...options, baseUrl: options.baseUrl ?? join(dirname(file), '.') };
}

/**
 * Calls `visit` for a node and everything in it.
 *
 * @param {ts.Node} node
 * @param {(node: ts.Node) => void} visit
 */
export function walk(node, visit) {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

/**
 * All nodes of a kind in a node.
 *
 * @template {ts.Node} T
 * @param {ts.Node} node
 * @param {(node: ts.Node) => node is T} isKind
 * @returns {T[]}
 */
export function findAll(node, isKind) {
  /** @type {T[]} */
  const found = [];
  walk(node, (one) => {
    if (isKind(one)) found.push(one);
  });
  return found;
}
