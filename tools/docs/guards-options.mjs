import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { filesIn, importBuilt, ROOT } from '../workspace.mjs';

/** @typedef {{ name: string, unit: string, value: string, meaning: string }} Row an option */
/** @typedef {Record<string, number>} Range default, minimum and maximum of an option */

export const GUARDS_README = 'libs/guards/README.md';

const SOURCE = 'libs/guards/src';
/** Options that are objects. Their members have rows of their own. */
const OBJECTS = ['keySet', 'statusLists', 'tokenCache', 'dpop', 'claims'];
const UNITS = {
  Seconds: 'seconds',
  Ms: 'milliseconds',
  Bytes: 'bytes',
  Tokens: 'tokens',
  Proofs: 'proofs',
};

/** The README of the guards, with the tables of options between their marks generated from the declarations. */
export async function guardsReadme() {
  const declarations = interfacesOf(join(ROOT, SOURCE));
  /** @type {Record<string, Record<string, Range>>} */
  const ranges = await importBuilt('libs/guards/dist/src', 'RANGES');
  /** @param {string} name @param {string} [prefix] @param {string} [rangesName] */
  const rows = (name, prefix = '', rangesName = '') => {
    const declaration = declarations.get(name);
    if (!declaration) throw new Error(`${SOURCE} has no interface ${name}`);
    return rowsOf(declaration, prefix, ranges[rangesName] ?? {});
  };
  const tables = {
    'resource server options': [
      ...rows('ResourceServerOptions', '', 'RANGES'),
      ...rows('KeySetOptions', 'keySet.', 'KEY_SET_RANGES'),
      ...rows('StatusListOptions', 'statusLists.', 'STATUS_LIST_RANGES'),
      ...rows('TokenCacheOptions', 'tokenCache.', 'TOKEN_CACHE_RANGES'),
      ...rows('DpopOptions', 'dpop.', 'DPOP_RANGES'),
    ],
    'issuer options': [...rows('IssuerOptions'), ...rows('ClaimMapping', 'claims.')],
  };
  return Object.entries(tables).reduce(
    (text, [name, table]) => replaceBetweenMarks(text, name, tableOf(table)),
    readFileSync(join(ROOT, GUARDS_README), 'utf8'),
  );
}

/** All interfaces by name. @param {string} folder @returns {Map<string, ts.InterfaceDeclaration>} */
function interfacesOf(folder) {
  return new Map(
    filesIn(folder)
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => {
        const text = readFileSync(join(folder, path), 'utf8');
        const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
        return statements.filter(ts.isInterfaceDeclaration);
      })
      .map((declaration) => [declaration.name.text, declaration]),
  );
}

/**
 * @param {ts.InterfaceDeclaration} declaration
 * @param {string} prefix
 * @param {Record<string, Range>} ranges
 * @returns {Row[]}
 */
function rowsOf({ members }, prefix, ranges) {
  return members
    .map((member) => ({ member, own: member.name?.getText() ?? '' }))
    .filter(({ own }) => !OBJECTS.includes(own))
    .map(({ member, own }) => {
      const name = prefix + own;
      const text = ts
        .getJSDocCommentsAndTags(member)
        .map(({ comment }) => comment)
        .join(' ');
      if (text === '') throw new Error(`${name} of the guards has no docstring`);
      const range = ranges[own];
      if (range) return { name, ...numberCells(own, range), meaning: text };
      const [, value] = /\bDefault:? (.+?)\.(?=\s|$)/.exec(text) ?? [];
      const meaning = text.replace(/\s*\bDefault:? .+?\.(?=\s|$)/, '');
      const isRequired = !member.questionToken;
      return { name, unit: '', value: isRequired ? 'required' : (value ?? 'none'), meaning };
    });
}

/** @param {string} name @param {Range} range in the order default, minimum, maximum */
function numberCells(name, range) {
  const unit = Object.entries(UNITS).find(([ending]) => name.endsWith(ending))?.[1];
  if (!unit) throw new Error(`${name} does not end with its unit`);
  const [value, min, max] = Object.values(range).map((number) => number.toLocaleString('en'));
  return { unit: `${unit}, ${min}–${max}`, value };
}

/** @param {Row[]} rows */
function tableOf(rows) {
  const lines = rows.map(({ name, unit, value, meaning }) =>
    ['', ` \`${name}\` `, ` ${unit} `, ` ${value} `, ` ${meaning.replaceAll('\n', ' ')} `, ''].join(
      '|',
    ),
  );
  return ['| Option | Unit, range | Default | |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

/**
 * @param {string} text
 * @param {string} name
 * @param {string} table
 * @throws when the marks are missing, because then the table would not be in the document
 */
function replaceBetweenMarks(text, name, table) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [before, after] = [text.indexOf(start), text.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${GUARDS_README} has no ${start} … ${end}`);
  return `${text.slice(0, before + start.length)}\n\n${table}\n\n${text.slice(after)}`;
}
