/** The table of shapes in README.md: sizes of three projects that `npm run create` makes, and how long their steps take. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { filesBelow } from './parts.mjs';

/** @typedef {{ files: number, codeLines: number, direct: number, installed: number }} Size */
/** @typedef {{ install: number, test: number, boot: number }} Seconds */
/** @typedef {Size & Partial<Seconds>} Row */
/** @typedef {{ measured: string, shapes: Record<string, Row> }} Record_ */

const RECORD = fileURLToPath(new URL('shapes.json', import.meta.url));
const CODE = /\.([cm]?[jt]s|template)$/;

/** What a shape is, for the table. @type {Record<string, string>} */
const MEANINGS = {
  minimal: '`--auth external`, one service, no optional part',
  standard: 'own `auth`, one service',
  full: '`auth`, one service, orders and billing, all parts and tests',
};

/**
 * @param {string} folder of a project
 * @returns {Size}
 */
export function sizeOf(folder) {
  const files = filesBelow(folder);
  const code = files.filter((path) => CODE.test(path));
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8'));
  const manifests = files.filter((path) => /(^|\/)package\.json$/.test(path));
  return {
    files: files.length,
    codeLines: code.reduce((sum, path) => sum + linesIn(join(folder, path)), 0),
    direct: new Set(manifests.flatMap((path) => packagesIn(join(folder, path)))).size,
    installed: Object.entries(packages).filter(isPackage).length,
  };
}

/** Lines that are not blank. @param {string} file */
const linesIn = (file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim()).length;

/** @param {string} file */
function packagesIn(file) {
  const { name, dependencies, devDependencies } = JSON.parse(readFileSync(file, 'utf8'));
  const own = name.split('/')[0];
  const all = Object.entries({ ...dependencies, ...devDependencies });
  // The packages of the project itself have the version *.
  return all.flatMap(([each, version]) => (version === '*' || each === own ? [] : [each]));
}

/** A package that npm installs on Linux with x64. @param {[string, any]} entry */
const isPackage = ([place, { link, os = ['linux'], cpu = ['x64'] }]) =>
  place.includes('node_modules/') && !link && os.includes('linux') && cpu.includes('x64');

/** @returns {Record_} */
export function readRecord() {
  return existsSync(RECORD)
    ? JSON.parse(readFileSync(RECORD, 'utf8'))
    : { measured: '', shapes: {} };
}

/** @param {Record_} record */
export function writeRecord(record) {
  writeFileSync(RECORD, `${JSON.stringify(record, null, 2)}\n`);
}

const HEAD = ['Shape', 'Files', 'Code lines', 'Packages: direct, installed', 'Install, test, boot'];

/** Fills in the table between the marks of README.md. @param {string} readme */
export function withShapesTable(readme) {
  const { measured, shapes } = readRecord();
  const rows = Object.entries(shapes).map(([name, row]) => [
    `\`${name}\`: ${MEANINGS[name]}`,
    String(row.files),
    row.codeLines.toLocaleString('en'),
    `${row.direct}, ${row.installed}`,
    row.install === undefined ? 'not measured' : `${row.install} s, ${row.test} s, ${row.boot} s`,
  ]);
  const lines = [HEAD, HEAD.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const note = measured && `\n\n${measured}`;
  const table = `<!-- shapes -->\n\n${lines.join('\n')}${note}\n\n<!-- end of shapes -->`;
  return readme.replace(/<!-- shapes -->[^]*<!-- end of shapes -->/, () => table);
}
