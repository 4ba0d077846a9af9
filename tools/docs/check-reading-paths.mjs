import { basename } from 'node:path';
import { codeBlocksOf, linksOf } from './markdown.mjs';

/** How many files a reader opens at most to follow a use case, its controller not counted. */
const LONGEST = {
  // Two requests: of the browser, and of the client.
  'docs/flows/authorize.md': 6,
  'docs/flows/login.md': 4,
  'docs/flows/refresh.md': 5,
  'docs/flows/guarded-request.md': 4,
  'docs/flows/key-rotation.md': 5,
  'docs/flows/order-to-invoice.md': 5,
};

/** @type {import('./run-checks.mjs').Check} */
export const readingPaths = {
  title: 'A flow shows the files that one reads, few of them, each with a link',
  mend: 'Participants that end in .ts are files: link each of them below the diagram.',
  faults: (all) => Object.entries(LONGEST).flatMap(([path, most]) => flowFaults(all, path, most)),
};

function flowFaults(all, path, most) {
  const page = all.find((document) => document.path === path);
  if (!page) return [{ place: path, says: 'is missing' }];
  const files = participantsOf(page).filter((name) => name.endsWith('.ts'));
  const linked = new Set(linksOf(page).map(({ target }) => basename(target.split('#')[0])));
  const faults = files
    .filter((name) => !linked.has(name))
    .map((name) => ({ place: path, says: `has no link to ${name}` }));
  if (files.length === 0) faults.push({ place: path, says: 'has no diagram' });
  if (files.length > most) {
    faults.push({ place: path, says: `shows ${files.length} files; at most ${most}` });
  }
  return faults;
}

function participantsOf(page) {
  const diagrams = codeBlocksOf(page).filter(({ info }) => info === 'mermaid');
  return diagrams.flatMap(({ code }) =>
    [...code.matchAll(/^ *(?:participant|actor) +(?:\w+ +as +)?(.+?) *$/gm)].map(
      ([, name]) => name,
    ),
  );
}
