import { coloursFor } from '../terminal/colours.mjs';
import { expectedText, receivedText } from './answers.mjs';
import { isVulnerability } from './sources.mjs';

/** Each verdict in the words and the colour of the terminal, the worst first. */
const VERDICTS = {
  accepted: ['ACCEPTED', 'red', 'accepted'],
  'asked-attacker': ['ASKED ATTACKER', 'red', 'fetched an address of the attacker'],
  'no-answer': ['NO ANSWER', 'red', 'not answered'],
  'server-error': ['SERVER ERROR', 'red', 'server errors'],
  'refused-good': ['refused good', 'yellow', 'good ones refused'],
  deviates: ['other answer', 'yellow', 'refused with another answer'],
  lenient: ['lenient', 'cyan', 'accepted, which the standards allow'],
  'as-expected': ['as expected', 'green', 'answered as expected'],
};

/** Prints the results: what was not as expected, or everything, and one line that sums it up. */
export function printReport(results, { verbose, json }) {
  if (json) return process.stdout.write(`${JSON.stringify(asJson(results), undefined, 2)}\n`);
  const paint = coloursFor(process.stdout);
  for (const verdict of Object.keys(VERDICTS)) {
    if (verdict === 'as-expected' && !verbose) continue;
    const group = results.filter((result) => result.verdict === verdict);
    for (const result of group) process.stdout.write(`${line(result, paint)}\n`);
  }
  process.stdout.write(`${paint('bold', summary(results))}\n`);
}

function line({ case: one, received, verdict }, paint) {
  const [name, colour] = VERDICTS[verdict];
  const answers = `${receivedText(received)}, not ${expectedText(one.expected)}`;
  const said = verdict === 'as-expected' ? receivedText(received) : answers;
  const label = paint(colour, name.padEnd(14));
  return `${label} ${one.id}\n${' '.repeat(15)}${one.title} (${one.rule})\n${' '.repeat(15)}${said}`;
}

function summary(results) {
  const counts = Object.entries(VERDICTS).flatMap(([verdict, [, , text]]) => {
    const count = results.filter((result) => result.verdict === verdict).length;
    return count > 0 || isVulnerability(verdict) ? [`${count} ${text}`] : [];
  });
  return `${results.length} cases: ${counts.join(', ')}.`;
}

function asJson(results) {
  return results.map(({ case: { id, title, rule, expected, stricter = false }, ...rest }) => ({
    id,
    title,
    rule,
    stricter,
    expected,
    received: { status: rest.received.status, challenge: rest.received.challenge },
    verdict: rest.verdict,
  }));
}
