import { Failure } from '../terminal/command.mjs';

const REQUEST_TIMEOUT_MS = 15_000;

/**
 * @template W
 * @typedef {object} Step
 * @property {string} title
 * @property {string} why the sentence that is printed after the requests
 * @property {(walk: W) => Promise<void>} run sends requests by `walk.call`, which prints them, and checks the answers
 */

/**
 * @typedef {object} Call
 * @property {string} [method]
 * @property {string} url
 * @property {string} [token] access token, sent as in RFC 6750 §2.1
 * @property {{ id: string, secret?: string }} [client] client authentication by HTTP Basic (RFC 6749 §2.3.1)
 * @property {object} [json]
 * @property {Record<string, string>} [form]
 * @property {Record<string, string>} [headers] others
 */

/** @typedef {{ status: number, challenge?: string, text: string, body: any }} Answer */

/** Sends the requests of the steps to a running stack. */
export class HttpWalk {
  /** @param {import('./narrator.mjs').Narrator} narrator */
  constructor(narrator) {
    this.narrator = narrator;
  }

  /**
   * Sends a request, and prints the request and its answer.
   *
   * @param {Call} call
   * @returns {Promise<Answer>}
   */
  async call(call) {
    const { method = 'GET', url, json, form } = call;
    const headers = { ...authorizationOf(call), ...contentTypeOf(call), ...call.headers };
    const formText = form && new URLSearchParams(form).toString();
    this.narrator.request({ method, url, headers, body: json ?? formText });
    const body = formText ?? (json && JSON.stringify(json));
    const answer = await fetchAnswer(url, { method, headers, ...(body !== undefined && { body }) });
    this.narrator.answer(answer);
    return answer;
  }
}

/**
 * Runs the steps in order, and stops at the first that fails.
 *
 * @template {HttpWalk} W
 * @param {W} walk
 * @param {readonly Step<W>[]} steps
 * @throws {Failure} with the title of the step
 */
export async function runSteps(walk, steps) {
  const { narrator } = walk;
  for (const [index, step] of steps.entries()) {
    narrator.title(index + 1, step.title);
    try {
      await step.run(walk);
    } catch (error) {
      if (!(error instanceof UnmetExpectation)) throw error;
      throw new Failure(
        `Step ${index + 1}, "${step.title}", did not do what it says: ${error.message}`,
      );
    }
    narrator.why(step.why);
  }
  narrator.end(`All ${steps.length} steps did what they say.`);
}

/** @param {string} url @param {RequestInit} request @returns {Promise<Answer>} */
export async function fetchAnswer(url, request) {
  try {
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    const response = await fetch(url, { ...request, signal });
    const text = await response.text();
    const challenge = response.headers.get('www-authenticate') ?? undefined;
    return { status: response.status, challenge, text, body: parseJson(text) };
  } catch {
    throw new Failure(`${url} does not answer any more. Is the stack still running?`);
  }
}

/** @param {Call} call @returns {Record<string, string>} */
function authorizationOf({ token, client }) {
  if (token) return { authorization: `Bearer ${token}` };
  if (!client) return {};
  const pair = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

/** @param {Call} call @returns {Record<string, string>} */
function contentTypeOf({ json, form }) {
  if (form) return { 'content-type': 'application/x-www-form-urlencoded' };
  return json ? { 'content-type': 'application/json' } : {};
}

/** @param {string} text */
function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {string} app @param {string} url @returns {Promise<any>} */
export async function readJson(app, url) {
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) {
    const answer = response ? `answers ${response.status}` : 'does not answer';
    throw new Failure(`${app} ${answer} at ${url}. Start the stack in another terminal: npm start`);
  }
  return response.json();
}

/** The stack did not answer as a step says. */
export class UnmetExpectation extends Error {}

/** @param {unknown} holds @param {string} sentence */
export function expectThat(holds, sentence) {
  if (!holds) throw new UnmetExpectation(sentence);
}

/** @param {Answer} answer @param {number} expected */
export function expectStatus({ status, text }, expected) {
  expectThat(
    status === expected,
    `the status should be ${expected}, and was ${status}: ${beginningOf(text)}`,
  );
}

/**
 * RFC 6749 §5.2: the error code that clients act on.
 *
 * @param {Answer} answer
 * @param {string} error
 */
export function expectOAuthError(answer, error) {
  expectStatus(answer, 400);
  expectThat(
    answer.body?.error === error,
    `the error should be ${error}: ${beginningOf(answer.text)}`,
  );
}

/**
 * RFC 6750 §3: the challenge of a refusal has the reason.
 *
 * @param {Answer} answer
 * @param {string[]} parameters
 */
export function expectChallenge({ challenge }, ...parameters) {
  for (const parameter of parameters) {
    expectThat(
      challenge?.includes(parameter),
      `WWW-Authenticate should have ${parameter}, and is ${challenge}`,
    );
  }
}

/** Short, because an unexpected 200 has tokens in its body. @param {string} text */
function beginningOf(text) {
  return text.slice(0, 80);
}
