import { coloursFor } from '../terminal/output.mjs';
import { errorCode, isSuccess, isVulnerability } from './sources.mjs';

/** @typedef {import('./sources.mjs').CorpusResult} CorpusResult */
/** @typedef {CorpusResult['verdict']} Verdict */

/**
 * The label, the colour and the words of the summary for each verdict, the worst first.
 *
 * @type {Record<Verdict, [label: string, colour: string, summary: string]>}
 */
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

/**
 * Prints the unexpected answers (all answers with `verbose`) and a line with the sums.
 *
 * @param {CorpusResult[]} results
 * @param {{ verbose: boolean, json: boolean }} options
 */
export function printReport(results, { verbose, json }) {
  if (json) {
    process.stdout.write(`${JSON.stringify(results.map(toJson), undefined, 2)}\n`);
    return;
  }
  const paint = coloursFor(process.stdout);
  for (const verdict of Object.keys(VERDICTS)) {
    if (verdict === 'as-expected' && !verbose) continue;
    const group = results.filter((result) => result.verdict === verdict);
    for (const result of group) process.stdout.write(`${lineOf(result, paint)}\n`);
  }
  process.stdout.write(`${paint('bold', summaryOf(results))}\n`);
}

/** @param {CorpusResult} result @param {import('../terminal/output.mjs').Paint} paint */
function lineOf({ case: one, received, verdict }, paint) {
  const [name, colour] = VERDICTS[verdict];
  const difference = `${receivedText(received)}, not ${expectedText(one.expected)}`;
  const answer = verdict === 'as-expected' ? receivedText(received) : difference;
  const label = paint(colour, name.padEnd(14));
  const indent = ' '.repeat(15);
  return `${label} ${one.id}\n${indent}${one.title} (${one.rule})\n${indent}${answer}`;
}

/** @param {CorpusResult[]} results */
function summaryOf(results) {
  const verdicts = /** @type {Verdict[]} */ (Object.keys(VERDICTS));
  const counts = verdicts.flatMap((verdict) => {
    const count = results.filter((result) => result.verdict === verdict).length;
    return count > 0 || isVulnerability(verdict) ? [`${count} ${VERDICTS[verdict][2]}`] : [];
  });
  return `${results.length} cases: ${counts.join(', ')}.`;
}

/** @param {CorpusResult} result */
function toJson({ case: { id, title, rule, expected, stricter }, received, verdict }) {
  const { status, challenge } = received;
  return {
    ...{ id, title, rule, stricter: stricter ?? false, expected },
    ...{ received: { status, challenge }, verdict },
  };
}

/**
 * A received answer in a few words: `401 invalid_token`.
 *
 * @param {Pick<import('./sources.mjs').ReceivedAnswer, 'status' | 'challenge'>} answer
 */
export function receivedText({ status, challenge }) {
  if (status === 0) return 'no answer';
  if (isSuccess(status)) return String(status);
  const error = errorCode({ challenge }) ?? errorCode({ challenge }, 'DPoP');
  if (error !== undefined) return `${status} ${error || 'Bearer'}`;
  return status === 401 ? '401, no challenge' : String(status);
}

/**
 * The expected answers in a few words: `401 invalid_token or 400 invalid_request`.
 *
 * @param {readonly import('./sources.mjs').ExpectedAnswer[]} expected
 */
export function expectedText(expected) {
  const texts = expected.map(({ status, error }) => {
    if (isSuccess(status)) return '2xx';
    if (status === 0) return 'a closed connection';
    if (error === undefined) return String(status);
    return `${status} ${error || 'Bearer'}`;
  });
  return texts.join(' or ');
}
