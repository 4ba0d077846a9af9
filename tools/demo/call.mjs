import { Failure } from '../terminal/failure.mjs';

const DEADLINE_MS = 15_000;

/**
 * @typedef {object} Call
 * @property {string} [method]
 * @property {string} url
 * @property {string} [token] access token, sent as RFC 6750 §2.1 has it
 * @property {{ id: string, secret: string }} [client] client authentication by HTTP Basic (RFC 6749 §2.3.1)
 * @property {object} [json]
 * @property {Record<string, string>} [form]
 * @property {Record<string, string>} [headers] others
 */

/** Sends a request, tells it and its answer. @param {Call} call */
export async function send(call, narrator) {
  const { method = 'GET', url, token, client, json, form } = call;
  const named = { ...authorization({ token, client }), ...contentType({ json, form }) };
  const headers = { ...named, ...call.headers };
  const formText = form && new URLSearchParams(form).toString();
  narrator.request({ method, url, headers, body: json ?? formText });
  const body = formText ?? JSON.stringify(json);
  const answer = await answerTo(url, { method, headers, body });
  narrator.answer(answer);
  return answer;
}

async function answerTo(url, request) {
  try {
    const response = await fetch(url, { ...request, signal: AbortSignal.timeout(DEADLINE_MS) });
    const text = await response.text();
    const challenge = response.headers.get('www-authenticate') ?? undefined;
    return { status: response.status, challenge, text, body: parsed(text) };
  } catch {
    throw new Failure(`${url} does not answer any more. Is the stack still running?`);
  }
}

function authorization({ token, client }) {
  if (token) return { authorization: `Bearer ${token}` };
  if (!client) return {};
  const pair = Buffer.from(`${client.id}:${client.secret}`).toString('base64');
  return { authorization: `Basic ${pair}` };
}

function contentType({ json, form }) {
  if (form) return { 'content-type': 'application/x-www-form-urlencoded' };
  return json ? { 'content-type': 'application/json' } : {};
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
