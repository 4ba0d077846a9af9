import { STATUS_CODES } from 'node:http';
import { coloursFor, escapeControlCharacters } from '../terminal/output.mjs';

/** @typedef {Awaited<ReturnType<import('../../libs/guards/src/explain/index.js').explainToken>>} Explanation */
/** @typedef {Explanation['findings'][number]} Finding */
/** @typedef {{ reason?: string, getStatus: () => number }} Verdict an access token has no reason, a refusal has one */
/** @typedef {(...lines: string[]) => void} Print */
/** @typedef {import('../terminal/output.mjs').Paint} Paint */

/** @type {Record<string, string>} */
const SIGNS = { kept: '✓', broken: '✗', unknown: '–' };
/** @type {Record<string, string>} */
const STYLES = { kept: 'green', broken: 'red', unknown: 'dim' };
const MAX_LENGTH = 160;

/**
 * Prints an explanation. The token comes from a stranger, so every part of it is escaped.
 *
 * @param {Explanation} explanation
 * @param {{ app?: string, options: any }} configuration
 * @param {NodeJS.WriteStream} stream
 */
export function printReport({ header, claims, findings, verdict }, configuration, stream) {
  const paint = coloursFor(stream);
  /** @type {Print} */
  const print = (...lines) => lines.forEach((line) => stream.write(`${line}\n`));
  print(
    paint('bold', 'FOR INSPECTION ONLY: read this. Do not let a program decide by it.'),
    'Until the signature is verified, everything below is an unproven claim.',
    '',
  );
  printConfiguration(configuration, print);
  print('', 'Token           without its signature');
  printMembers('header', header, print);
  printMembers('claims', claims, print);
  print('', 'Rules');
  for (const finding of findings) printFinding(finding, print, paint);
  print('', paint('bold', verdictLine(/** @type {Verdict | undefined} */ (verdict), findings)));
}

/** @param {{ app?: string, options: any }} configuration @param {Print} print */
function printConfiguration({ app, options }, print) {
  print(`Configuration   ${app ? `of the app ${app}` : 'from the command line'}`);
  for (const issuer of options.issuers ?? [options]) {
    const { jwksUri, audience = options.audience } = issuer;
    print(
      `  issuer        ${printable(issuer.issuer)}`,
      `  audience      ${printable(audience)}`,
      `  algorithms    ${printable(issuer.algorithms)}`,
      `  keys          ${jwksUri ? printable(jwksUri) : 'from the metadata of the issuer (RFC 8414)'}`,
    );
  }
}

/** @param {string} name @param {object | undefined} members @param {Print} print */
function printMembers(name, members, print) {
  if (!members) return print(`  ${name}: cannot be read`);
  print(`  ${name}`);
  for (const [member, value] of Object.entries(members)) {
    print(`    ${escapeControlCharacters(member)}: ${printable(value)}`);
  }
}

/** @param {Finding} finding @param {Print} print @param {Paint} paint */
function printFinding({ says, source, verdict, seen, wanted, reason, detail }, print, paint) {
  const sign = paint(STYLES[verdict], SIGNS[verdict]);
  print(`  ${sign} ${says}  ${paint('dim', `(${source})`)}`);
  if (verdict === 'unknown') return;
  if (seen !== undefined) print(`      in the token: ${printable(seen)}`);
  if (wanted !== undefined) print(`      required:     ${printable(wanted)}`);
  if (!reason) return;
  print(`      ${paint('red', reason)}${detail ? `: ${escapeControlCharacters(detail)}` : ''}`);
}

/** @param {Verdict | undefined} verdict @param {readonly Finding[]} findings */
function verdictLine(verdict, findings) {
  if (!verdict) {
    const isBroken = findings.some((finding) => finding.verdict === 'broken');
    return isBroken
      ? 'NOT ACCEPTED: see ✗ above. The keys were not fetched.'
      : 'UNDECIDED: no rule is broken that can be checked without the keys of the issuer.';
  }
  if (!verdict.reason) {
    return 'ACCEPTED. The requirements of a handler, such as scopes, come on top.';
  }
  const status = verdict.getStatus();
  return `REFUSED: ${verdict.reason}. The caller gets ${status} ${STATUS_CODES[status]} without the reason.`;
}

/** @param {unknown} value */
function printable(value) {
  const text = escapeControlCharacters(JSON.stringify(value) ?? 'nothing');
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
