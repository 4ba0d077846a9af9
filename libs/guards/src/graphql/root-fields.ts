import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

type Executed = Pick<GraphQLResolveInfo, 'fragments' | 'operation' | 'variableValues'>;

/** The root fields of each operation that have not been refused yet. */
export class RootFields {
  private readonly unrefused = new WeakMap<object, Set<string>>();

  /** Records a refused field. Returns true if the operation has no other answer. */
  markRefused(info: GraphQLResolveInfo): boolean {
    if (info.path.prev) return false;
    const unrefused = this.unrefused.get(info.variableValues) ?? collectResponseKeys(info);
    this.unrefused.set(info.variableValues, unrefused);
    unrefused.delete(String(info.path.key));
    // Tested by name, because `isNonNullType` fails for types of another copy of graphql.
    return unrefused.size === 0 || String(info.returnType).endsWith('!');
  }
}

/** Includes fields that a directive skips; such an operation counts as partly answered. */
function collectResponseKeys({ operation, fragments }: Executed): Set<string> {
  const keys = new Set<string>();
  const visited = new Set<string>();
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) keys.add((selection.alias ?? selection.name).value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet);
      else if (!visited.has(selection.name.value)) {
        visited.add(selection.name.value);
        const fragment = fragments[selection.name.value];
        if (fragment) collect(fragment.selectionSet);
      }
    }
  };
  collect(operation.selectionSet);
  return keys;
}
