import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { ROOT } from '../workspace.mjs';
import { documentOf } from './documents.mjs';
import { anchorsOf, linksOf } from './markdown.mjs';

const ELSEWHERE = /^(https?|mailto):/;
/** Names of tests, and of their cases, are texts in the source. */
const STRING = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\\n]|\\.)*`/g;

/** @type {import('./run-checks.mjs').Check} */
export const links = {
  title: 'Links lead somewhere, and a link to a test names a test of that file',
  mend: 'Correct the link, or the words of the link, which are the name of the test.',
  faults: (all) =>
    all.flatMap((document) =>
      linksOf(document).flatMap((link) => {
        const says = faultOf(document, link);
        return says ? [{ place: `${document.path}:${link.line}`, says }] : [];
      }),
    ),
};

function faultOf(document, { text, target }) {
  if (ELSEWHERE.test(target)) return undefined;
  const [path, anchor] = target.split('#');
  const file = path === '' ? document.path : fileOf(document, path);
  if (file === undefined) return `${target} leads out of the repository`;
  if (!existsSync(join(ROOT, file))) return `${target} does not exist`;
  if (anchor !== undefined && !hasAnchor(file, anchor)) return `${target} has no such place`;
  return file.endsWith('.spec.ts') ? namedTestFault(file, text) : undefined;
}

function fileOf({ path }, target) {
  const file = posix.join(posix.dirname(path), decodeURIComponent(target));
  return target.startsWith('/') || file.startsWith('..') ? undefined : file;
}

function hasAnchor(file, anchor) {
  if (file.endsWith('.md')) return anchorsOf(documentOf(file)).has(anchor);
  const [, first, last = first] = /^L(\d+)(?:-L(\d+))?$/.exec(anchor) ?? [];
  return first !== undefined && Number(last) <= linesIn(file);
}

function linesIn(file) {
  const path = join(ROOT, file);
  return statSync(path).isFile() ? readFileSync(path, 'utf8').split('\n').length : 0;
}

/** A test is found by its name: so the name must be there. The name of the file will do where all of it is meant. */
function namedTestFault(file, text) {
  const words = text.replaceAll('`', '');
  if (words === basename(file)) return undefined;
  const texts = readFileSync(join(ROOT, file), 'utf8').match(STRING) ?? [];
  const isNamed = words.includes(' ') && texts.some((name) => name.includes(words));
  return isNamed ? undefined : `no test in ${file} is called "${words}"`;
}
