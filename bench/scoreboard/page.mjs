import { peerVersion } from '../machine/machine.mjs';
import { expectedText, receivedText } from '../../tools/corpus/report.mjs';

/** @typedef {{ case: any, results: { received: any, verdict: string }[] }} Row the results of the services, in their order */
/** @typedef {import('./scoreboard.mjs').Service} Service */
/** @typedef {{ algorithm: string, services: Service[], rows: Row[], withheld: number }} Run */

/** Classes of answers, as rows of the totals. */
const CLASSES = [
  ['as-expected', 'answered as expected'],
  ['deviates', 'refused with another status or challenge'],
  ['lenient', 'accepted, where no standard demands a refusal'],
  ['refused-good', 'refused, although the token is good'],
  ['accepted', '**accepted, and must be refused**'],
  ['server-error', '**answered with 5xx**'],
  ['asked-attacker', '**asked a server of the attacker**'],
];

/**
 * The page as Markdown.
 *
 * @param {Run[]} runs the first has all services
 */
export function scoreboardPage(runs) {
  const [{ rows, services }] = runs;
  const withheld = Math.max(...runs.map((run) => run.withheld));
  const known = new Set(rows.map((row) => row.case.id));
  const others = runs.slice(1).map((run) => ({
    ...run,
    rows: run.rows.filter((row) => !known.has(row.case.id)),
  }));
  const count = others.reduce((sum, run) => sum + run.rows.length, rows.length);
  return [
    introduction({ count, withheld }, services),
    ...runs.map(totals),
    ...runs.map(failures),
    leniences(runs[0]),
    everything(runs[0], 'All cases'),
    ...others.map((run) => everything(run, `Cases for ${run.algorithm} only`)),
  ].join('\n\n');
}

/** @param {{ count: number, withheld: number }} options @param {any[]} services */
function introduction({ count, withheld }, services) {
  const versions = services.map(({ name, packages }) => [name, packageVersions(packages)]);
  return `# Scoreboard: hostile tokens against four resource servers

This page is generated: \`npm run scoreboard\` starts the four services on the loopback interface, each with an issuer of
its own to trust, sends them ${count} requests and writes what they answered. \`npm run corpus -- --help\` says how to send
the same requests to a service of yours.

${table(['service', 'versions'], versions)}

Node ${process.version}. All services want the same issuer, audience and scope.

- **Gatehouse guards**: three options, on Fastify.
- **stock recipe**: \`@nestjs/passport\` with \`passport-jwt\` and \`passportJwtSecret\` of \`jwks-rsa\`, issuer, audience and
  algorithm set, and a scope guard of five lines, on Express. Its rate limit is off: with the five key requests a minute
  of its documentation, answers would depend on the order of the cases. It cannot verify EdDSA.
- **express-oauth2-jwt-bearer**: \`strict: true\`, which checks \`typ\`; one algorithm, \`requiredScopes\`, DPoP off.
- **aws-jwt-verify**: \`JwtVerifier\` with issuer, audience and scope. It knows no HTTP, so credentials and challenges
  are those of a middleware that was written for this page. It has no option for the algorithm: the key decides.

## How to read it

We wrote the corpus and one of the four services, so every case names its rule, and there are two kinds of them. Most break
a rule of RFC 9068, the profile of JWTs as access tokens, or of what it builds on. The others, marked ◇, break none: a
standard leaves the choice to the resource server, or asks something of the issuer only. These guards are stricter there,
and a service that accepts them is not at fault.

All four are held to RFC 9068, also where they do not claim it. A service whose issuer signs nothing but access
tokens loses nothing by accepting any \`typ\`. Count causes, not rows: a check that is missing shows in every case that needs it.

A refusal with another status or challenge is no way in. Where they are many, it is one habit: no \`WWW-Authenticate\`
in a 401 (RFC 9110 §15.5.2, RFC 6750 §3).${withholding(withheld)}`;
}

/** @param {number} count */
function withholding(count) {
  if (count === 0) return '';
  const cases = count === 1 ? 'One case is' : `${count} cases are`;
  return `\n\n${cases} withheld: a service gave no answer at all, and its maintainers are to be told first.`;
}

/** @param {Run} run */
function totals({ algorithm, services, rows }) {
  const body = CLASSES.map(([verdict, title]) => [
    title,
    ...services.map((_service, at) =>
      String(rows.filter(({ results }) => results[at].verdict === verdict).length),
    ),
  ]);
  const head = [`${rows.length} cases`, ...services.map(({ name }) => name)];
  return `## Totals, ${algorithm}\n\n${table(head, body)}`;
}

const FAILURES = ['accepted', 'server-error', 'asked-attacker', 'refused-good'];

/** @param {Run} run */
function failures({ algorithm, services, rows }) {
  const failed = rows.filter(({ results }) =>
    results.some(({ verdict }) => FAILURES.includes(verdict)),
  );
  return `## What went wrong, ${algorithm}\n\n${casesTable(failed, services)}`;
}

/** @param {Run} run */
function leniences({ algorithm, services, rows }) {
  const some = rows.filter(({ results }) => results.some(({ verdict }) => verdict === 'lenient'));
  return `## Where these guards are stricter, ${algorithm}

No standard demands a refusal here. ◇ is left out.

${casesTable(some, services, { marked: false })}`;
}

/** @param {Run} run @param {string} title */
function everything({ services, rows }, title) {
  return `## ${title}\n\n${casesTable(rows, services)}`;
}

/**
 * @param {Row[]} rows
 * @param {any[]} services
 * @param {{ marked?: any }} [options]
 */
function casesTable(rows, services, { marked = true } = {}) {
  const head = ['case', 'rule', 'expected', ...services.map(({ name }) => name)];
  const body = rows.map(({ case: one, results }) => [
    `${marked && one.stricter ? '◇ ' : ''}**${one.id}** ${escape(one.title)}`,
    one.rule,
    expectedText(one.expected),
    ...results.map(cell),
  ]);
  return body.length > 0 ? table(head, body) : 'Nothing.';
}

/**
 * A dot where the answer is as expected, so that the others are seen.
 *
 * @param {{ received: any, verdict: string }} result
 */
function cell({ received, verdict }) {
  if (verdict === 'as-expected') return '·';
  if (verdict === 'accepted') return '**accepted**';
  if (verdict === 'lenient') return 'accepted';
  if (verdict === 'asked-attacker') return `**asked**, ${receivedText(received)}`;
  return verdict === 'deviates' ? receivedText(received) : `**${receivedText(received)}**`;
}

/** @param {string} text */
function escape(text) {
  return text.replace(/[<>|*_"\\]/g, (character) => `\\${character}`);
}

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

/** `name 1.2.3, …`. @param {string[]} names */
function packageVersions(names) {
  return names.map((name) => `${name} ${peerVersion(name)}`).join(', ');
}
