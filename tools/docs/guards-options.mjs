import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { filesIn, importBuilt, ROOT } from '../workspace.mjs';

/** @typedef {{ name: string, unit: string, value: string, meaning: string }} Row an option */
/** @typedef {{ kind: string, default?: unknown, range?: number[], members?: Table }} Declaration of one option */
/** @typedef {{ [name: string]: Declaration }} Table */

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
  const declared = await readTables();
  /** @param {string} name @param {string} [group] */
  const rows = (name, group) => {
    const members = declarations.get(name);
    if (!members) throw new Error(`${SOURCE} has no interface ${name}`);
    const table = group === undefined ? declared : (declared[group]?.members ?? {});
    return rowsOf(members, group === undefined ? '' : `${group}.`, table);
  };
  const tables = {
    'resource server options': [
      ...rows('TokenOptions'),
      ...rows('ResourceServerOptions'),
      ...rows('KeySetOptions', 'keySet'),
      ...rows('StatusListOptions', 'statusLists'),
      ...rows('TokenCacheOptions', 'tokenCache'),
      ...rows('DpopOptions', 'dpop'),
    ],
    'issuer options': [...rows('IssuerOptions'), ...rows('ClaimMapping', 'claims')],
  };
  return Object.entries(tables).reduce(
    (text, [name, table]) => replaceBetweenMarks(text, name, tableOf(table)),
    readFileSync(join(ROOT, GUARDS_README), 'utf8'),
  );
}

/** The tables that the library reads options by, in one. @returns {Promise<Table>} */
async function readTables() {
  const names = ['VERIFIER_OPTIONS', 'SERVICE_OPTIONS', 'status', 'dpop'];
  const modules = await Promise.all(names.map((name) => importBuilt('libs/guards/dist/src', name)));
  const { VERIFIER_OPTIONS, ISSUER_OPTIONS, SERVICE_OPTIONS, status, dpop } = Object.assign(
    {},
    ...modules,
  );
  const parts = [status, dpop].flatMap(({ options, issuerOptions }) => [options, issuerOptions]);
  return Object.assign({}, VERIFIER_OPTIONS, ISSUER_OPTIONS, SERVICE_OPTIONS, ...parts);
}

/** The members of all interfaces by name, with those that parts add. @param {string} folder */
function interfacesOf(folder) {
  /** @type {Map<string, ts.TypeElement[]>} */
  const found = new Map();
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isInterfaceDeclaration(node)) {
      const name = node.name.text;
      found.set(name, [...(found.get(name) ?? []), ...node.members]);
    } else ts.forEachChild(node, visit);
  };
  for (const path of filesIn(folder).filter((path) => path.endsWith('.ts'))) {
    const text = readFileSync(join(folder, path), 'utf8');
    visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true));
  }
  return found;
}

/**
 * @param {ts.TypeElement[]} members
 * @param {string} prefix
 * @param {Table} table
 * @returns {Row[]}
 */
function rowsOf(members, prefix, table) {
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
      const option = table[own];
      if (!option) throw new Error(`${name} of the guards is in no table of options`);
      if (option.range) return { name, ...numberCells(own, option), meaning: text };
      const [, value] = /\bDefault:? (.+?)\.(?=\s|$)/.exec(text) ?? [];
      const meaning = text.replace(/\s*\bDefault:? .+?\.(?=\s|$)/, '');
      const isRequired = !member.questionToken;
      return { name, unit: '', value: isRequired ? 'required' : (value ?? 'none'), meaning };
    });
}

/** @param {string} name @param {Declaration} option with a range */
function numberCells(name, { default: fallback, range = [] }) {
  const unit = Object.entries(UNITS).find(([ending]) => name.endsWith(ending))?.[1];
  if (!unit) throw new Error(`${name} does not end with its unit`);
  const [value, min, max] = [fallback, ...range].map((number) =>
    Number(number).toLocaleString('en'),
  );
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
