import { linksOf, tableRowsOf } from './markdown.mjs';

const PAGE = 'docs/guarantees.md';
const COLUMNS = ['guarantee', 'source', 'code', 'test'];

/** @type {import('./run-checks.mjs').Check} */
export const guarantees = {
  title: 'Each guarantee names its source, its code and its test',
  mend: `Complete the row in ${PAGE}; what no test proves is no guarantee.`,
  faults: (all) => {
    const page = all.find(({ path }) => path === PAGE);
    if (!page) return [{ place: PAGE, says: 'is missing' }];
    return tableRowsOf(page).flatMap(({ cells, line }) =>
      rowFaults(cells).map((says) => ({ place: `${PAGE}:${line}`, says })),
    );
  },
};

/** That the files exist, and the tests in them, is for the check of links. */
function rowFaults(cells) {
  if (cells.length !== COLUMNS.length) return [`${COLUMNS.join(' · ')} are the columns`];
  const [guarantee, source, code, test] = cells;
  const faults = [];
  if (guarantee === '' || source === '') faults.push('guarantee or source is empty');
  if (targetsOf(code).length === 0) faults.push('no link to the code');
  if (!targetsOf(test).some((target) => target.endsWith('.spec.ts'))) {
    faults.push('no link to a test');
  }
  return faults;
}

const targetsOf = (cell) => linksOf({ lines: [cell] }).map(({ target }) => target);
