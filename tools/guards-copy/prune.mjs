import ts from 'typescript';

/**
 * Removes the imports and exports of missing files from a source, and the members of objects and lists that use them.
 *
 * @param {string} text
 * @param {(name: string) => boolean} isThere whether a relative name such as './x.js' has a file
 * @returns {string}
 * @throws {Error} if the source uses a missing name elsewhere
 */
export function prune(text, isThere) {
  const source = ts.createSourceFile('list.ts', text, ts.ScriptTarget.ESNext, true);
  const missing = source.statements.filter((statement) => {
    const name = moduleOf(statement);
    return name !== undefined && name.startsWith('.') && !isThere(name);
  });
  const names = new Set(missing.flatMap(importedNames));
  const members = membersWith(source, names);
  const ranges = [...missing, ...members].map((node) => rangeOf(node, text));
  const kept = ranges
    .sort(([a], [b]) => b - a)
    .reduce((rest, [start, end]) => rest.slice(0, start) + rest.slice(end), text);
  requireUnused(kept, names);
  return kept
    .replace(/\n{3,}/g, '\n\n')
    .replace(/([{[])\s+(?=[}\]])/g, '$1')
    .trimStart();
}

/** @param {ts.Statement} statement */
function moduleOf(statement) {
  if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return undefined;
  const { moduleSpecifier } = statement;
  return moduleSpecifier && ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : undefined;
}

/** @param {ts.Statement} statement @returns {string[]} */
function importedNames(statement) {
  if (!ts.isImportDeclaration(statement)) return [];
  const { name, namedBindings } = statement.importClause ?? {};
  const bindings = namedBindings
    ? ts.isNamedImports(namedBindings)
      ? namedBindings.elements.map((element) => element.name.text)
      : [namedBindings.name.text]
    : [];
  return name ? [name.text, ...bindings] : bindings;
}

/**
 * The outermost members of object and array literals and of lists of types that use one of the names.
 *
 * @param {ts.SourceFile} source
 * @param {ReadonlySet<string>} names
 */
function membersWith(source, names) {
  /** @type {ts.Node[]} */
  const members = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (isMember(node) && uses(node, names)) members.push(node);
    else ts.forEachChild(node, visit);
  };
  if (names.size > 0) visit(source);
  return members;
}

/** @param {ts.Node} node */
function isMember({ parent }) {
  // Members of an object, a list, or of the object in `Object.freeze({ … })`; a nested object is removed as one member.
  return (
    parent !== undefined &&
    (ts.isObjectLiteralExpression(parent) || ts.isArrayLiteralExpression(parent))
  );
}

/** @param {ts.Node} node @param {ReadonlySet<string>} names @returns {boolean} */
function uses(node, names) {
  if (ts.isIdentifier(node)) return names.has(node.text) && !isNameOfProperty(node);
  return ts.forEachChild(node, (child) => uses(child, names) || undefined) ?? false;
}

/** In `a.name` and `{ name: 1 }`, unlike in `{ name }`. @param {ts.Identifier} node */
function isNameOfProperty(node) {
  const { parent } = node;
  return (
    (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
    (ts.isPropertyAssignment(parent) && parent.name === node)
  );
}

/**
 * A statement or member with its comments, its comma and its line end.
 *
 * @param {ts.Node} node
 * @param {string} text
 * @returns {[start: number, end: number]}
 */
function rangeOf(node, text) {
  const end = node.getEnd();
  const [after] = /^,?[ \t]*/.exec(text.slice(end)) ?? [''];
  return [node.getFullStart(), end + after.length];
}

/** @param {string} text @param {ReadonlySet<string>} names */
function requireUnused(text, names) {
  const source = ts.createSourceFile('list.ts', text, ts.ScriptTarget.ESNext, true);
  if (!uses(source, names)) return;
  throw new Error(`A list of parts uses ${[...names].join(', ')} outside of an object or a list.`);
}
