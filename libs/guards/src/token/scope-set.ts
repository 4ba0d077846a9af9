/** The scopes of a token. Requests with the same token share them, so nobody may add to them. */
export class ScopeSet extends Set<string> {
  constructor(scopes: Iterable<string>) {
    super();
    for (const scope of scopes) super.add(scope);
  }

  override add(): never {
    throw new TypeError('The scopes of a token are what was signed');
  }

  override delete(): never {
    return this.add();
  }

  override clear(): never {
    return this.add();
  }
}
