/** The questions of `npm run create` in a terminal. Enter takes the default, which each question shows. */
import { createInterface } from 'node:readline/promises';
import { Failure } from '../terminal/command.mjs';
import { completeChoices, defaultParts, OPTIONAL_PARTS, PRESETS } from './choices.mjs';
import { PARTS } from './parts.mjs';

/** @typedef {Partial<import('./choices.mjs').Choices> & { name: string }} Given */
/** @typedef {(question: string, fallback: string) => Promise<string>} Ask */

/** @param {string} text */
export const wordsIn = (text) => text.split(/[\s,]+/).filter(Boolean);

/**
 * @typedef {object} Question
 * @property {keyof Given} key
 * @property {(given: Given) => boolean} [isAsked] always, by default
 * @property {(given: Given) => string} question
 * @property {(given: Given) => string} fallback
 * @property {(answer: string) => any} [parse]
 */

/** @type {Question[]} */
const QUESTIONS = [
  {
    key: 'name',
    question: () => 'Name of the project',
    fallback: ({ name }) => name,
  },
  {
    key: 'scope',
    question: () => 'Scope of its npm packages',
    fallback: ({ name }) => `@${name}`,
  },
  {
    key: 'services',
    question: () => 'Services of your own, separated by commas',
    fallback: () => 'parcels',
    parse: wordsIn,
  },
  {
    key: 'auth',
    question: () => 'Who issues the tokens: "own" authorization server, or an "external" issuer',
    fallback: () => 'own',
  },
  {
    key: 'issuer',
    isAsked: ({ auth }) => auth === 'external',
    question: () => 'The exact "iss" of its tokens, such as https://login.example.com/',
    fallback: () => '',
  },
  {
    key: 'preset',
    isAsked: ({ auth }) => auth === 'external',
    question: () => `Its product, if it is one of ${PRESETS.join(', ')}`,
    fallback: () => '',
    parse: (answer) => answer || undefined,
  },
  {
    key: 'samples',
    isAsked: ({ auth }) => auth !== 'external',
    question: () => 'Keep the sample services orders and billing (yes or no)',
    fallback: () => 'no',
    parse: (answer) => /^y/i.test(answer),
  },
  {
    key: 'database',
    question: () => 'Database in production: sqlite or postgres',
    fallback: () => 'sqlite',
  },
  {
    key: 'parts',
    question: () => `Optional parts, separated by commas, or "none":\n${partLines()}\n `,
    fallback: (choices) => defaultParts(choices).join(','),
    parse: (answer) => (answer === 'none' ? [] : wordsIn(answer)),
  },
];

const partLines = () =>
  OPTIONAL_PARTS.map((name) => `  ${name.padEnd(20)}${PARTS.get(name)?.title ?? ''}`).join('\n');

/**
 * Asks for each choice that no option gives. A wrong answer is explained, and the question repeated.
 *
 * @param {Given} given
 */
export async function askForChoices(given) {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const isEnded = new Promise((_resolve, reject) => {
    terminal.once('close', () => reject(new Failure('No answer. Nothing was written.')));
  });
  /** @type {Ask} */
  const ask = (question, fallback) => {
    const shown = fallback ? `${question} (${fallback}): ` : `${question}: `;
    return Promise.race([terminal.question(shown), isEnded]).then(
      (text) => text.trim() || fallback,
    );
  };
  try {
    return await answersOf(given, ask);
  } finally {
    isEnded.catch(() => undefined);
    terminal.close();
  }
}

/** @param {Given} given @param {Ask} ask */
async function answersOf(given, ask) {
  let choices = given;
  for (const question of QUESTIONS) {
    const { key, isAsked = () => true } = question;
    const isGiven = key !== 'name' && given[key] !== undefined;
    if (!isGiven && isAsked(choices)) choices = await answerOf(question, choices, ask);
  }
  return choices;
}

/** @param {Question} asked @param {Given} choices @param {Ask} ask @returns {Promise<Given>} */
async function answerOf({ key, question, fallback, parse = String }, choices, ask) {
  for (;;) {
    const answer = parse(await ask(question(choices), fallback(choices)));
    if (answer === undefined) return choices;
    const answered = { ...choices, [key]: answer };
    const fault = faultOf(answered, key);
    if (!fault) return answered;
    process.stdout.write(`${fault}\n`);
  }
}

/** The line about one choice. Later questions complete the others. @param {Given} choices @param {string} key */
function faultOf(choices, key) {
  try {
    completeChoices(choices);
  } catch (error) {
    const { message } = /** @type {Error} */ (error);
    return message.split('\n').find((line) => line.startsWith(`${key}:`));
  }
  return undefined;
}
