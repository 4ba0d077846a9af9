import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { filesIn, importBuilt, ROOT } from '../workspace.mjs';

/** @typedef {{ name: string, unit: string, value: string, meaning: string }} Row an option */
/** @typedef {{ kind: string, default?: unknown, range?: number[], members?: Table }} Declaration of one option */
/** @typedef {{ [name: string]: Declaration }} Table */

export const GUARDS_README = 'libs/guards/README.md';
export const GUARDS_OPTIONS_PAGE = 'libs/guards/docs/options.md';

const SOURCE = 'libs/guards/src';
/** Parts with an option that is an object: the names of the interface and of the option, by part. */
const PARTS = {
  status: ['StatusListOptions', 'statusLists'],
  dpop: ['DpopOptions', 'dpop'],
};
/** Options that are objects. Their members have rows of their own. */
const OBJECTS = ['keySet', 'statusLists', 'tokenCache', 'dpop', 'claims'];
const UNITS = {
  Seconds: 'seconds',
  Ms: 'milliseconds',
  Bytes: 'bytes',
  Tokens: 'tokens',
  Signatures: 'signatures',
  Proofs: 'proofs',
};

/** Options that most services set sooner or later. The README shows these, and those without a default. */
const OFTEN = [
  'jwksUri',
  'tokenTypes',
  'requiredClaims',
  'claims.clientId',
  'claims.scopes',
  'claims.roles',
  'publicControllers',
  'guardedElsewhere',
  'undeclaredHandlers',
  'user',
  'onRejected',
  'advertisedScopes',
];

/** The README of the guards, with the options that most services set. */
export async function guardsReadme() {
  const rows = Object.values(await readRows()).flat();
  const needed = rows.filter(({ value }) => value === 'required');
  const often = OFTEN.flatMap((name) => rows.filter((row) => row.name === name));
  if (often.length < OFTEN.length) throw new Error('An option that is used often does not exist');
  return fillTables(GUARDS_README, { 'needed options': distinct(needed), 'common options': often });
}

/** The page of all other options. */
export async function guardsOptionsPage() {
  const isRare = (/** @type {Row} */ { name, value }) =>
    value !== 'required' && !OFTEN.includes(name);
  const tables = Object.entries(await readRows()).map(([name, rows]) => [
    name,
    rows.filter(isRare),
  ]);
  return fillTables(GUARDS_OPTIONS_PAGE, Object.fromEntries(tables));
}

/** The rows of all options, by the name of their table. @returns {Promise<Record<string, Row[]>>} */
async function readRows() {
  const declarations = interfacesOf(join(ROOT, SOURCE));
  const declared = await readTables();
  /** @param {string} name @param {string} [group] */
  const rows = (name, group) => {
    const members = declarations.get(name);
    if (!members) throw new Error(`${SOURCE} has no interface ${name}`);
    const table = group === undefined ? declared : (declared[group]?.members ?? {});
    return rowsOf(members, group === undefined ? '' : `${group}.`, table);
  };
  const service = rows('ResourceServerOptions');
  const isOfMetadata = (/** @type {Row} */ { name }) => name === 'servesResourceMetadata';
  return {
    'issuer options': [...rows('IssuerOptions'), ...rows('ClaimMapping', 'claims')],
    'service options': [
      ...rows('TokenOptions'),
      ...service.filter((row) => !isOfMetadata(row)),
      ...rows('KeySetOptions', 'keySet'),
      ...rows('TokenCacheOptions', 'tokenCache'),
    ],
    'metadata options': service.filter(isOfMetadata),
    ...Object.fromEntries(
      Object.entries(PARTS).map(([part, [type, option]]) => [
        `${part} options`,
        rows(type, option),
      ]),
    ),
  };
}

/** `audience` is an option of the service, and one of each issuer. @param {Row[]} rows */
function distinct(rows) {
  return [...new Map(rows.map((row) => [row.name, row])).values()];
}

/** @param {string} path @param {Record<string, Row[]>} tables */
function fillTables(path, tables) {
  return Object.entries(tables).reduce(
    (text, [name, rows]) => replaceBetweenMarks(text, name, { path, table: tableOf(rows) }),
    readFileSync(join(ROOT, path), 'utf8'),
  );
}

/** The tables that the library reads options by, in one. @returns {Promise<Table>} */
async function readTables() {
  const partNames = ['metadata', ...Object.keys(PARTS)];
  const names = ['VERIFIER_OPTIONS', 'SERVICE_OPTIONS', ...partNames];
  const modules = await Promise.all(names.map((name) => importBuilt('libs/guards/dist/src', name)));
  const declared = Object.assign({}, ...modules);
  const { VERIFIER_OPTIONS, ISSUER_OPTIONS, SERVICE_OPTIONS } = declared;
  const parts = partNames.flatMap((name) => [declared[name].options, declared[name].issuerOptions]);
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
 * @param {{ path: string, table: string }} content
 * @throws when the marks are missing, because then the table would not be in the document
 */
export function replaceBetweenMarks(text, name, { path, table }) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [before, after] = [text.indexOf(start), text.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${path} has no ${start} … ${end}`);
  return `${text.slice(0, before + start.length)}\n\n${table}\n\n${text.slice(after)}`;
}
