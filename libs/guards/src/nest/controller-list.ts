import type { Type } from '@nestjs/common';

/** A class, the name of a class, a name with `*` for any letters, or a regular expression for names. */
export type ControllerPattern = Type | string | RegExp;

/** A pattern without letters would match every class, and open the whole application. */
export function isControllerPattern(pattern: unknown): pattern is ControllerPattern {
  if (typeof pattern === 'string') return /\w/.test(pattern);
  if (pattern instanceof RegExp) return ''.search(pattern) < 0;
  return typeof pattern === 'function';
}

function isMatch(pattern: ControllerPattern, owner: Type): boolean {
  if (typeof pattern === 'function') return pattern === owner;
  if (typeof pattern !== 'string') return owner.name.search(pattern) >= 0;
  const parts = pattern.split('*').map((part) => part.replace(/[^\w]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(owner.name);
}

/** The classes that an option of the module selects. */
export class ControllerList {
  constructor(
    /** Name of the option. */
    private readonly name: string,
    private readonly patterns: readonly ControllerPattern[],
    private readonly owners: readonly Type[],
  ) {}

  has(owner: Type): boolean {
    return this.patterns.some((pattern) => isMatch(pattern, owner));
  }

  /** One sentence for each name or pattern that matches no class. A misspelt name must not pass unnoticed. */
  findFaults(): string[] {
    const names = this.owners.map(({ name }) => name).join(', ');
    return this.patterns
      .filter((pattern) => typeof pattern !== 'function')
      .filter((pattern) => !this.owners.some((owner) => isMatch(pattern, owner)))
      .map(
        (pattern) => `\`${this.name}\`: ${String(pattern)} matches no class. There are: ${names}`,
      );
  }

  /** One line for each name or pattern, because a wide pattern may match more classes than expected. */
  describe(): string[] {
    return this.patterns
      .filter((pattern) => typeof pattern !== 'function')
      .map((pattern) => {
        const matched = this.owners.filter((owner) => isMatch(pattern, owner));
        return `${this.name}: ${String(pattern)} matches ${matched.map(({ name }) => name).join(', ')}`;
      });
  }
}
