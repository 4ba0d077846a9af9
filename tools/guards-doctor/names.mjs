import ts from 'typescript';

/**
 * Where a name comes from: an export of a package, or a declaration in the sources. A copy of the guards counts as their package.
 *
 * @typedef {{ module?: string, name?: string, declaration?: ts.Declaration }} Origin
 */

export const GUARDS = '@gatehouse/guards';
const MAX_DEPTH = 9;

/** Follows names through imports, barrels and constants. */
export class Names {
  /** @param {import('./sources.mjs').Sources} sources */
  constructor({ checker, isOfGuards }) {
    this.checker = checker;
    this.isOfGuards = isOfGuards;
  }

  /** @param {ts.Node | undefined} node a name, or `namespace.name` @returns {Origin | undefined} */
  originOf(node) {
    if (!node) return undefined;
    if (ts.isQualifiedName(node)) return this.#originOfMember(node, node.left, node.right);
    if (ts.isPropertyAccessExpression(node)) {
      return this.#originOfMember(node, node.expression, node.name);
    }
    return ts.isIdentifier(node) ? this.#originOfNode(node) : undefined;
  }

  /** Package and name, such as `@nestjs/core APP_GUARD`; empty for own names. @param {ts.Node | undefined} node */
  fullNameOf(node) {
    const origin = this.originOf(node);
    return origin?.module === undefined ? '' : `${origin.module} ${origin.name}`;
  }

  /** @param {ts.Node} node @param {ts.Node} left @param {ts.MemberName} right @returns {Origin | undefined} */
  #originOfMember(node, left, right) {
    const owner = this.originOf(left);
    if (owner?.module === undefined) return this.#originOfNode(node);
    const isNamespace = owner.name === '*' || owner.name === 'default';
    return { module: owner.module, name: isNamespace ? right.text : `${owner.name}.${right.text}` };
  }

  /** @param {ts.Node} node */
  #originOfNode(node) {
    const symbol = ts.isShorthandPropertyAssignment(node.parent)
      ? this.checker.getShorthandAssignmentValueSymbol(node.parent)
      : this.checker.getSymbolAtLocation(node);
    return symbol && this.#originOfSymbol(symbol);
  }

  /** @param {ts.Symbol} symbol @returns {Origin | undefined} */
  #originOfSymbol(symbol) {
    const declaration = symbol.declarations?.[0];
    if (!declaration) return undefined;
    if (symbol.flags & ts.SymbolFlags.Alias) return this.#originOfImport(declaration);
    return this.isOfGuards(declaration) ? { module: GUARDS, name: symbol.name } : { declaration };
  }

  /** @param {ts.Declaration} declaration @returns {Origin | undefined} */
  #originOfImport(declaration) {
    const specifier = moduleSpecifierOf(declaration);
    const name = importedName(declaration);
    const module = specifier && this.checker.getSymbolAtLocation(specifier);
    if (specifier && !module) return { module: specifier.text, name };
    const exported = module ? this.checker.getExportsOfModule(module) : [];
    const target = ts.isExportSpecifier(declaration)
      ? this.checker.getExportSpecifierLocalTargetSymbol(declaration)
      : exported.find((one) => one.name === name);
    return target && this.#originOfSymbol(target);
  }

  /** The value behind names, casts and calls of own functions. @param {ts.Expression} node @returns {ts.Expression} */
  valueOf(node, depth = 0) {
    const bare = withoutCasts(node);
    const [name, read] = ts.isCallExpression(bare)
      ? [bare.expression, returnedBy]
      : [bare, initializerOf];
    const declaration = this.originOf(name)?.declaration;
    const value = declaration && depth < MAX_DEPTH ? read(declaration) : undefined;
    return value ? this.valueOf(value, depth + 1) : bare;
  }

  /**
   * The properties of an object literal and of the objects that it spreads.
   *
   * @param {ts.Expression | undefined} node
   * @returns {Map<string, ts.Expression> | undefined} undefined when the object is built elsewhere
   */
  propertiesOf(node) {
    const value = node && this.valueOf(node);
    if (!value || !ts.isObjectLiteralExpression(value)) return undefined;
    return new Map(value.properties.flatMap((property) => this.#entriesOf(property)));
  }

  /** @param {ts.ObjectLiteralElementLike} property @returns {[string, ts.Expression][]} */
  #entriesOf(property) {
    if (ts.isSpreadAssignment(property)) {
      return [...(this.propertiesOf(property.expression) ?? [])];
    }
    const { name } = property;
    if (!ts.isIdentifier(name) && !ts.isStringLiteral(name)) return [];
    return [[name.text, ts.isPropertyAssignment(property) ? property.initializer : name]];
  }
}

/** @param {ts.Declaration} declaration @returns {ts.StringLiteral | undefined} */
function moduleSpecifierOf(declaration) {
  const node = ts.findAncestor(declaration, (one) => {
    return (
      ts.isImportDeclaration(one) ||
      ts.isExportDeclaration(one) ||
      ts.isImportEqualsDeclaration(one)
    );
  });
  /** @type {any} */
  const { moduleSpecifier, moduleReference } = node ?? {};
  return moduleSpecifier ?? moduleReference?.expression;
}

/** @param {ts.Declaration} declaration */
function importedName(declaration) {
  if (ts.isImportSpecifier(declaration) || ts.isExportSpecifier(declaration)) {
    return (declaration.propertyName ?? declaration.name).text;
  }
  return ts.isImportClause(declaration) ? 'default' : '*';
}

/** @param {ts.Declaration} declaration @returns {ts.Expression | undefined} */
function initializerOf(declaration) {
  return 'initializer' in declaration ? /** @type {any} */ (declaration.initializer) : undefined;
}

/** The expression that a function returns in its last statement. @param {ts.Declaration} declaration @returns {ts.Expression | undefined} */
function returnedBy(declaration) {
  const { body } = /** @type {any} */ (initializerOf(declaration) ?? declaration);
  if (!body) return undefined;
  const last = body.statements?.at(-1);
  return ts.isBlock(body) ? last && ts.isReturnStatement(last) && last.expression : body;
}

/** @param {ts.Expression} node @returns {ts.Expression} */
function withoutCasts(node) {
  const isCast = ts.isParenthesizedExpression(node) || ts.isAsExpression(node);
  const isTyped = isCast || ts.isSatisfiesExpression(node) || ts.isNonNullExpression(node);
  return isTyped ? withoutCasts(node.expression) : node;
}
