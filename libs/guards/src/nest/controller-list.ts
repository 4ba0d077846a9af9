import type { Type } from '@nestjs/common';

/** A class, the name of a class, a name with `*` for any letters, or a regular expression for names. */
export type ControllerPattern = Type | string | RegExp;

/** Refuses patterns without letters, because they match every class and open the whole application. */
export function isControllerPattern(pattern: unknown): pattern is ControllerPattern {
  if (typeof pattern === 'string') return /\w/.test(pattern);
  return pattern instanceof RegExp ? ''.search(pattern) < 0 : typeof pattern === 'function';
}

function isMatch(pattern: ControllerPattern, owner: Type): boolean {
  if (typeof pattern === 'function') return pattern === owner;
  if (typeof pattern !== 'string') return owner.name.search(pattern) >= 0;
  const parts = pattern.split('*').map((part) => part.replace(/\W/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(owner.name);
}

function listNames(owners: readonly Type[]): string {
  return owners.map(({ name }) => name).join(', ');
}

/** The classes that an option selects by patterns. */
export class ControllerList {
  /** A name or pattern that matches no class may be misspelt. One sentence for each. */
  readonly faults: string[] = [];
  /** One line for each name or pattern, for the log, because it may match more classes than expected. */
  readonly lines: string[] = [];
  private readonly matched = new Set<Type>();

  constructor(option: string, patterns: readonly ControllerPattern[], owners: readonly Type[]) {
    for (const pattern of patterns) {
      const matched = owners.filter((owner) => isMatch(pattern, owner));
      for (const owner of matched) this.matched.add(owner);
      if (typeof pattern === 'function') continue;
      const text = `\`${option}\`: ${String(pattern)} matches`;
      if (matched.length > 0) this.lines.push(`${text} ${listNames(matched)}`);
      else this.faults.push(`${text} no class. There are: ${listNames(owners)}`);
    }
  }

  has(owner: Type): boolean {
    return this.matched.has(owner);
  }
}
