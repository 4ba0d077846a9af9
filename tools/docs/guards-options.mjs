import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { ROOT } from '../workspace.mjs';

export const GUARDS_README = 'libs/guards/README.md';

const SOURCE = 'libs/guards/src';
/** Options that are objects: their members are rows of their own. */
const OBJECTS = ['keySet', 'statusLists', 'tokenCache', 'dpop', 'claims'];
const UNITS = {
  Seconds: 'seconds',
  Ms: 'milliseconds',
  Bytes: 'bytes',
  Tokens: 'tokens',
  Proofs: 'proofs',
};

/** The README of the guards, with the tables of options between their marks made anew from the declarations. */
export async function guardsReadme() {
  const ranges = await import(
    pathToFileURL(join(ROOT, 'libs/guards/dist/src/option-ranges.js')).href
  );
  const { RANGES, KEY_SET_RANGES, STATUS_LIST_RANGES, TOKEN_CACHE_RANGES, DPOP_RANGES } = ranges;
  const module = interfacesOf('guards.options.ts');
  const issuer = interfacesOf('issuers/issuer.options.ts');
  const dpop = interfacesOf('dpop/dpop.options.ts');
  const tables = {
    'resource server options': [
      ...rows(module.get('ResourceServerOptions'), '', RANGES),
      ...rows(module.get('KeySetOptions'), 'keySet.', KEY_SET_RANGES),
      ...rows(module.get('StatusListOptions'), 'statusLists.', STATUS_LIST_RANGES),
      ...rows(module.get('TokenCacheOptions'), 'tokenCache.', TOKEN_CACHE_RANGES),
      ...rows(dpop.get('DpopOptions'), 'dpop.', DPOP_RANGES),
    ],
    'issuer options': [
      ...rows(issuer.get('IssuerOptions'), '', {}),
      ...rows(issuer.get('ClaimMapping'), 'claims.', {}),
    ],
  };
  return Object.entries(tables).reduce(
    (text, [name, table]) => between(text, name, tableOf(table)),
    readFileSync(join(ROOT, GUARDS_README), 'utf8'),
  );
}

/** @returns {Map<string, ts.InterfaceDeclaration>} */
function interfacesOf(file) {
  const path = join(ROOT, SOURCE, file);
  const source = ts.createSourceFile(
    path,
    readFileSync(path, 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  return new Map(
    source.statements.filter(ts.isInterfaceDeclaration).map((found) => [found.name.text, found]),
  );
}

function rows(declaration, prefix, ranges) {
  const members = declaration.members.map((member) => [member.name.getText(), member]);
  return members
    .filter(([own]) => !OBJECTS.includes(own))
    .map(([own, member]) => {
      const name = prefix + own;
      const text = ts
        .getJSDocCommentsAndTags(member)
        .map(({ comment }) => comment)
        .join(' ');
      if (text === '') throw new Error(`${name} of the guards has no docstring`);
      const range = ranges[own];
      if (range) return { name, ...numeric(own, range), means: text };
      const [, value] = /\bDefault:? (.+?)\.(?=\s|$)/.exec(text) ?? [];
      const means = text.replace(/\s*\bDefault:? .+?\.(?=\s|$)/, '');
      return {
        name,
        unit: '',
        value: member.questionToken ? (value ?? 'none') : 'required',
        means,
      };
    });
}

function numeric(name, { usual, least, most }) {
  const unit = Object.entries(UNITS).find(([ending]) => name.endsWith(ending))?.[1];
  if (!unit) throw new Error(`${name} does not end with its unit`);
  const number = (value) => value.toLocaleString('en');
  return { unit: `${unit}, ${number(least)}–${number(most)}`, value: number(usual) };
}

function tableOf(table) {
  const lines = table.map(({ name, unit, value, means }) =>
    ['', ` \`${name}\` `, ` ${unit} `, ` ${value} `, ` ${means.replaceAll('\n', ' ')} `, ''].join(
      '|',
    ),
  );
  return ['| Option | Unit, range | Default | |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

/** @throws when the marks are not there: a table that nobody sees would be checked in vain */
function between(text, name, table) {
  const [start, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [before, after] = [text.indexOf(start), text.indexOf(end)];
  if (before < 0 || after < before) throw new Error(`${GUARDS_README} has no ${start} … ${end}`);
  return `${text.slice(0, before + start.length)}\n\n${table}\n\n${text.slice(after)}`;
}
