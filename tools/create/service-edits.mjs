import { Failure } from '../terminal/command.mjs';
import { dropLines, replaceText } from './edits.mjs';

/** @typedef {import('./edits.mjs').Edit} Edit */

/**
 * The edits that remove a service outside of its folder: the lines of `new:service`, and those of this repository.
 *
 * @param {string} name
 * @param {number} port
 * @returns {Edit[]}
 */
export const serviceEdits = (name, port) => [
  dropLines('tools/workspace.mjs', new RegExp(`^ {2}${name}: \\d+,$`)),
  replaceText(
    'apps/auth/src/default-resource-servers.ts',
    new RegExp(` {2}\\{\\n {4}identifier: 'http://localhost:${port}',\\n[^]*?\\n {2}\\},\\n`),
    '',
  ),
  compose(name),
  dropLines('deploy/monitoring/prometheus.yml', new RegExp(`^ +- ${name}(-scaled)?$`)),
  ...kubernetes(name),
];

/** @param {string} name @returns {Edit} */
const compose = (name) =>
  without('docker-compose.yml', name, [
    [new RegExp(`^x-${name}: &${name}\\n(?: {2}.*\\n)+\\n`, 'm')],
    [new RegExp(`^ {2}${name}(?:-scaled)?:\\n(?: {4}.*\\n)+\\n`, 'gm')],
    [new RegExp(`^.*(?:secrets-${name}|${name}_[a-z_]+|${name}-migrate)\\b.*\\n`, 'gm')],
    [new RegExp(`, ${name}\\.localhost`, 'g')],
    [new RegExp(`^ *https://${name}\\.localhost .*\\n`, 'gm')],
    [new RegExp(`--build ${name}-scaled`), '--build auth-scaled'],
  ]);

/** @param {string} name @returns {Edit[]} */
const kubernetes = (name) => [
  dropLines('deploy/k8s/base/kustomization.yaml', new RegExp(`^ {2}- ${name}\\.yaml$`)),
  without('deploy/k8s/example/kustomization.yaml', name, [
    [new RegExp(`^ {2}- \\{ name: gatehouse-${name}, .*\\n`, 'm')],
    [new RegExp(`^ {2}- name: gatehouse-${name}\\n(?: {4}.*\\n)+`, 'm')],
    [new RegExp(` ?https://${name}\\.example\\.com [^;\\n]*;?`)],
    [new RegExp(` ${name}:[a-z:]+`, 'g')],
    [new RegExp(`=${name}:[a-z:]+ ?`, 'g'), '='],
  ]),
  without('deploy/k8s/example/ingress.yaml', name, [
    [new RegExp(`, ${name}\\.example\\.com`)],
    [new RegExp(`^ {4}- host: ${name}\\.example\\.com\\n(?: {6}.*\\n)+`, 'm')],
  ]),
  without('deploy/k8s/base/network-policies.yaml', name, [
    [new RegExp(`\\b${name}, |(?:, )?\\b${name}(?=\\])`, 'g')],
  ]),
  replaceText('deploy/proxy/Caddyfile', new RegExp(`, ${name}\\.localhost`), ''),
];

/**
 * Several replacements. The name must be in the file before, and must not be afterwards in anything but a comment.
 *
 * @param {string} file
 * @param {string} name
 * @param {[from: RegExp, to?: string][]} replacements
 * @returns {Edit}
 */
function without(file, name, replacements) {
  const used = new RegExp(`^(?! *#).*\\b${name}\\b.*$`, 'm');
  return {
    file,
    change: (text) => {
      if (!used.test(text)) throw new Failure(`${file} does not name ${name} any more.`);
      const changed = replacements.reduce((all, [from, to = '']) => all.replace(from, to), text);
      const rest = used.exec(changed);
      if (rest) throw new Failure(`${file} still names ${name}: ${rest[0].trim()}`);
      return changed;
    },
  };
}
