import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../workspace.mjs';
import { linksOf, tableRowsOf } from './markdown.mjs';

const PAGE = 'docs/flows/refresh.md';
const ENTITY = 'apps/auth/src/refresh-tokens/refresh-token-family.entity.ts';

/** @type {import('./run-checks.mjs').Check} */
export const tokenStates = {
  title: 'The state table of a refresh token has every state, each with its test',
  mend: `TokenState in ${ENTITY} and the table in ${PAGE} must agree.`,
  faults: (all) => {
    const page = all.find(({ path }) => path === PAGE);
    if (!page) return [{ place: PAGE, says: 'is missing' }];
    const rows = tableRowsOf(page);
    return statesOf(readFileSync(join(ROOT, ENTITY), 'utf8')).flatMap((state) => {
      const row = rows.find(({ cells }) => cells[0] === `\`${state}\``);
      if (!row) return [{ place: PAGE, says: `has no row for \`${state}\`` }];
      return hasTest(row) ? [] : [{ place: `${PAGE}:${row.line}`, says: 'has no link to a test' }];
    });
  },
};

function statesOf(source) {
  const union = /export type TokenState =([^;]+);/.exec(source)?.[1];
  if (!union) throw new Error(`${ENTITY} no longer declares TokenState`);
  return [...union.matchAll(/'(\w+)'/g)].map(([, state]) => state);
}

const hasTest = ({ cells }) =>
  linksOf({ lines: cells }).some(({ target }) => target.endsWith('.spec.ts'));
