import { type JsonObject, parseStrictJson } from '../token/strict-json.js';
import { boundedFetch, type FetchLimits } from './bounded-fetch.js';

export interface JsonAnswer {
  readonly body: JsonObject;
  readonly cacheControl: string;
}

const REQUEST = {
  headers: { accept: 'application/json, application/jwk-set+json' },
  type: /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i,
};

/**
 * Gets a JSON object.
 *
 * @throws Error as {@link boundedFetch} does, and when the answer is anything else
 */
export async function fetchJson(url: string, limits: FetchLimits): Promise<JsonAnswer> {
  const { headers, body } = await boundedFetch(url, REQUEST, limits);
  return {
    body: parseStrictJson(body ?? Buffer.alloc(0)),
    cacheControl: headers.get('cache-control') ?? '',
  };
}
