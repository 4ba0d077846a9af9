import { type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

type Executed = Pick<GraphQLResolveInfo, 'fragments' | 'operation' | 'variableValues'>;

/** Which fields of an operation may still be answered, while others are refused. */
export class RootFields {
  private readonly unrefused = new WeakMap<object, Set<string>>();

  /** Notes a refused field, and says whether nothing is left of the operation. */
  markRefused(info: GraphQLResolveInfo): boolean {
    if (info.path.prev) return false;
    const left = this.unrefused.get(info.variableValues) ?? collectResponseKeys(info);
    this.unrefused.set(info.variableValues, left);
    left.delete(String(info.path.key));
    // By its name: `isNonNullType` knows only the types of its own copy of graphql.
    return left.size === 0 || String(info.returnType).endsWith('!');
  }
}

/** With those that a directive leaves out: then the operation counts as answered in part. */
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
