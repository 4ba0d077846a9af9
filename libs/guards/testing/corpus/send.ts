import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import type { ReceivedAnswer } from './answer.js';
import type { CorpusRequest } from './corpus-case.js';
import { sendRaw } from './send-raw.js';

const PATIENCE_MS = 10_000;

const CLOSED: ReceivedAnswer = {
  status: 0,
  challenge: undefined,
  contentType: undefined,
  body: '',
};

/** The answer to a request, or status 0 when the connection ends, or ten seconds pass, without one. */
export async function send(url: URL, request: CorpusRequest): Promise<ReceivedAnswer> {
  const deadline = AbortSignal.timeout(PATIENCE_MS);
  try {
    return await (request.raw ? sendRaw : sendHttp)(url, request, deadline);
  } catch {
    return CLOSED;
  }
}

async function sendHttp(url: URL, request: CorpusRequest, signal: AbortSignal) {
  const { method = 'GET', headers, path = url.pathname + url.search, body } = request;
  const http = url.protocol === 'https:' ? httpsRequest : httpRequest;
  // A list of names and values, so that a header can be there twice, and the path as it is.
  const list = [['Host', url.host], ...headers].flat();
  const outgoing = http(url, { method, path, headers: list, agent: false, signal });
  outgoing.end(body);
  const [response]: IncomingMessage[] = await once(outgoing, 'response');
  if (!response) throw new Error('No response');
  return {
    status: response.statusCode ?? 0,
    challenge: response.headers['www-authenticate'],
    contentType: response.headers['content-type'],
    body: await text(response),
  };
}
