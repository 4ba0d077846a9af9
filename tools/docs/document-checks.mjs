import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { filesIn, ROOT } from '../workspace.mjs';
import { anchorsOf, documentOf, linksOf, tableRowsOf } from './documents.mjs';
import { ENV_EXAMPLE } from './generated-documents.mjs';
import { OBSERVABILITY_PAGE } from './observability-page.mjs';

/** @typedef {import('./main.mjs').Check} Check */
/** @typedef {import('./documents.mjs').Document} Document */

const OTHER_SITE = /^(https?|mailto):/;
/** Titles of tests are string literals in the source. */
const STRING = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\\n]|\\.)*`/g;

/** @type {Check} */
export const linksCheck = {
  title: 'Every link has a target, and a link to a test has the title of a test in that file',
  hint: 'Correct the link, or its text, which must be the title of the test.',
  faults: (all) =>
    all.flatMap((document) =>
      linksOf(document).flatMap((link) => {
        const message = linkFault(document, link);
        return message ? [{ place: `${document.path}:${link.line}`, message }] : [];
      }),
    ),
};

/** @param {Document} document @param {import('./documents.mjs').Link} link */
function linkFault(document, { text, target }) {
  if (OTHER_SITE.test(target)) return undefined;
  const [path, anchor] = target.split('#');
  const file = path === '' ? document.path : targetFile(document, path);
  if (file === undefined) return `${target} is outside of the repository`;
  if (!existsSync(join(ROOT, file))) return `${target} does not exist`;
  if (anchor !== undefined && !hasAnchor(file, anchor)) return `${target} has no such place`;
  return file.endsWith('.spec.ts') ? testTitleFault(file, text) : undefined;
}

/** @param {Document} document @param {string} target */
function targetFile({ path }, target) {
  const file = posix.join(posix.dirname(path), decodeURIComponent(target));
  return target.startsWith('/') || file.startsWith('..') ? undefined : file;
}

/** @param {string} file @param {string} anchor */
function hasAnchor(file, anchor) {
  if (file.endsWith('.md')) return anchorsOf(documentOf(file)).has(anchor);
  const [, first, last = first] = /^L(\d+)(?:-L(\d+))?$/.exec(anchor) ?? [];
  return first !== undefined && Number(last) <= countLines(file);
}

/** @param {string} file */
function countLines(file) {
  const path = join(ROOT, file);
  return statSync(path).isFile() ? readFileSync(path, 'utf8').split(/\r?\n/).length : 0;
}

/**
 * Readers find a test by its title, so the text of the link must be one. The name of the file is for links to all its tests.
 *
 * @param {string} file
 * @param {string} text
 */
function testTitleFault(file, text) {
  const title = text.replaceAll('`', '');
  if (title === basename(file)) return undefined;
  const strings = readFileSync(join(ROOT, file), 'utf8').match(STRING) ?? [];
  const exists = title.includes(' ') && strings.some((string) => string.includes(title));
  return exists ? undefined : `no test in ${file} has the title "${title}"`;
}

const GUARANTEES = 'docs/guarantees.md';
const GUARANTEE_COLUMNS = ['guarantee', 'source', 'code', 'test'];

/** @type {Check} */
export const guaranteesCheck = {
  title: 'Each guarantee has its source, its code and its test',
  hint: `Complete the row in ${GUARANTEES}. A guarantee needs a test.`,
  faults: (all) => {
    const page = all.find(({ path }) => path === GUARANTEES);
    if (!page) return [{ place: GUARANTEES, message: 'is missing' }];
    const rows = tableRowsOf(page);
    const faults = rows.flatMap(({ cells, line }) =>
      guaranteeFaults(cells).map((message) => ({ place: `${GUARANTEES}:${line}`, message })),
    );
    const missing = limitNames().filter(
      (name) => !rows.some(({ cells }) => isLimit(cells) && cells[0] === `\`${name}\``),
    );
    return [
      ...faults,
      ...missing.map((name) => ({ place: GUARANTEES, message: `has no row for \`${name}\`` })),
    ];
  },
};

/**
 * The check of links has checked that the files and tests exist.
 *
 * @param {string[]} cells
 */
function guaranteeFaults(cells) {
  if (isLimit(cells)) return limitFaults(cells);
  if (cells.length !== GUARANTEE_COLUMNS.length) {
    return [`${GUARANTEE_COLUMNS.join(' · ')} are the columns`];
  }
  const [guarantee, source, code, test] = cells;
  const faults = [];
  if (guarantee === '' || source === '') faults.push('guarantee or source is empty');
  if (linksOf({ lines: [code] }).length === 0) faults.push('no link to the code');
  if (!hasTestLink([test])) faults.push('no link to a test');
  return faults;
}

const LIMIT_COLUMNS = ['limit', 'counts', 'per', 'who can use it up for another', 'test'];

/** @param {string[]} cells */
const isLimit = (cells) => cells.length === LIMIT_COLUMNS.length;

/** @param {string[]} cells */
function limitFaults(cells) {
  const empty = LIMIT_COLUMNS.filter((_, at) => cells[at] === '');
  return hasTestLink(cells.slice(-1))
    ? empty.map((column) => `${column} is empty`)
    : ['no link to a test'];
}

/** The rate limits. */
function limitNames() {
  const source = readFileSync(join(ROOT, 'apps/auth/src/platform/default-rate-limits.ts'), 'utf8');
  const limits = /DEFAULT_RATE_LIMITS = \{([^]*?)\n\};/.exec(source)?.[1];
  if (limits === undefined) throw new Error('default-rate-limits.ts has no DEFAULT_RATE_LIMITS');
  return [...limits.matchAll(/^ {2}'?([a-z-]+)'?: createQuota/gm)].map(([, name]) => name);
}

/** @param {string[]} cells */
const hasTestLink = (cells) =>
  linksOf({ lines: cells }).some(({ target }) => target.endsWith('.spec.ts'));

const STATES_PAGE = 'docs/flows/refresh.md';

/** @type {Check} */
export const tokenStatesCheck = {
  title: 'The state table of a refresh token has every state, each with its test',
  hint: `TokenState in apps/auth/src and the table in ${STATES_PAGE} must agree.`,
  faults: (all) => {
    const page = all.find(({ path }) => path === STATES_PAGE);
    if (!page) return [{ place: STATES_PAGE, message: 'is missing' }];
    const rows = tableRowsOf(page);
    return tokenStates().flatMap((state) => {
      const row = rows.find(({ cells }) => cells[0] === `\`${state}\``);
      if (!row) return [{ place: STATES_PAGE, message: `has no row for \`${state}\`` }];
      if (hasTestLink(row.cells)) return [];
      return [{ place: `${STATES_PAGE}:${row.line}`, message: 'has no link to a test' }];
    });
  },
};

/** The members of the union type `TokenState`. */
function tokenStates() {
  const folder = join(ROOT, 'apps/auth/src');
  for (const path of filesIn(folder).filter((path) => path.endsWith('.ts'))) {
    const source = readFileSync(join(folder, path), 'utf8');
    const union = /export type TokenState =([^;]+);/.exec(source)?.[1];
    if (union) return [...union.matchAll(/'(\w+)'/g)].map(([, state]) => state);
  }
  throw new Error('apps/auth/src has no type TokenState');
}

const REASONS_OF_REFUSALS = ['core/token-error.ts', 'nest/bearer-error.ts'];

/** @type {Check} */
export const alertLabelsCheck = {
  title: 'The reasons of refusals for alerts are labels of the metric',
  hint: `Use the names of RejectionReason in libs/guards/src/nest in ${OBSERVABILITY_PAGE}.`,
  faults: (all) => {
    const page = all.find(({ path }) => path === OBSERVABILITY_PAGE);
    const text = page?.lines.join('\n') ?? '';
    const entry = /The reason of a refusal \(`guards_refusals_total`\)[^]*?(?=\n\n#)/.exec(
      text,
    )?.[0];
    if (entry === undefined) return [{ place: OBSERVABILITY_PAGE, message: 'has no entry' }];
    const reasons = reasonsOfRefusals();
    const labels = [...entry.matchAll(/`(\w+)`/g)].map(([, label]) => label).slice(1);
    return labels
      .filter((label) => !reasons.has(label))
      .map((label) => ({
        place: OBSERVABILITY_PAGE,
        message: `no refusal has the reason \`${label}\``,
      }));
  },
};

/** The members of the union types of reasons. @returns {Set<string>} */
function reasonsOfRefusals() {
  const sources = REASONS_OF_REFUSALS.map((path) =>
    readFileSync(join(ROOT, 'libs/guards/src', path), 'utf8'),
  );
  const unions = sources.flatMap((source) => source.match(/export type \w+ =[^;]+;/g) ?? []);
  return new Set(unions.flatMap((union) => union.match(/(?<=')\w+(?=')/g) ?? []));
}

/** @type {Check} */
export const versionsCheck = {
  title: 'package.json, CHANGELOG.md and UPGRADING.md have the same latest version',
  hint: 'CONTRIBUTING.md says how a release is made.',
  faults: () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    return [
      { path: 'CHANGELOG.md', heading: /^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$/m },
      { path: 'UPGRADING.md', heading: /^## (\d+\.\d+\.\d+)$/m },
    ].flatMap(({ path, heading }) => {
      const latest = heading.exec(documentOf(path).lines.join('\n'))?.[1];
      const message = `begins with the version ${latest}, and package.json has ${version}`;
      return latest === version ? [] : [{ place: path, message }];
    });
  },
};

/** Folders of one machine, which a clone does not have. */
const MACHINE_PATH =
  /(?<![\w.~/:-])(\/(?:home|Users|root|work|mnt|tmp|var\/folders)\/[\w.-]+|[A-Z]:\\\w+)/g;

/** @type {Check} */
export const machinePathsCheck = {
  title: 'No document names a path of one machine',
  hint: 'Write the path relative to the root of the repository.',
  faults: (all) =>
    [...all, documentOf(ENV_EXAMPLE)].flatMap(({ path, lines }) =>
      lines.flatMap((text, index) =>
        [...text.matchAll(MACHINE_PATH)].map(([message]) => ({
          place: `${path}:${index + 1}`,
          message,
        })),
      ),
    ),
};
