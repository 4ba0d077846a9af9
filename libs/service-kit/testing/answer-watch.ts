import type { IncomingMessage, Server, ServerResponse } from 'node:http';

type HeaderRule = (value: string) => boolean;

const YEAR_SECONDS = 31_536_000;
const isWhole = (text: string, min = 0, max = YEAR_SECONDS): boolean =>
  /^\d+$/.test(text) && Number(text) >= min && Number(text) <= max;
const areWhole = (field: string, pattern: RegExp, min = 0): boolean =>
  [...field.matchAll(pattern)].every(([, value = '']) => isWhole(value, min));

/** Not by `URL.canParse`, for the reason that `parseUrl` names. */
function isUrlReference(value: string): boolean {
  try {
    return Boolean(new URL(value, 'http://x'));
  } catch {
    return false;
  }
}

/** What values of these fields must look like. Each of them is computed from a number, a time or a text of a client. */
const RULES: Readonly<Record<string, HeaderRule>> = {
  // RFC 9110 §10.2.3
  'retry-after': (value) => isWhole(value, 1),
  'content-length': (value) => isWhole(value),
  age: (value) => isWhole(value),
  // RFC 9111 §1.2.2
  'cache-control': (value) =>
    areWhole(value, /(?:max-age|s-maxage|stale-while-revalidate|stale-if-error)=([^,\s]*)/g),
  'access-control-max-age': (value) => isWhole(value),
  // draft-ietf-httpapi-ratelimit-headers-10
  ratelimit: (value) => /^"[a-z-]+";r=\d+;t=\d+$/.test(value) && areWhole(value, /[rt]=([^;]*)/g),
  'ratelimit-policy': (value) =>
    /^"[a-z-]+";q=\d+;w=\d+$/.test(value) && areWhole(value, /[qw]=([^;]*)/g, 1),
  // RFC 6265 §5.2.1, §5.2.2
  'set-cookie': (value) =>
    areWhole(value, /max-age=([^;]*)/gi) &&
    [...value.matchAll(/expires=([^;]*)/gi)].every(
      ([, date = '']) => !Number.isNaN(Date.parse(date)),
    ),
  // RFC 9110 §10.2.2
  location: (value) => !/[\s"<>\\^`{|}]/.test(value) && isUrlReference(value),
  // RFC 9110 §8.8.3
  etag: (value) => /^(?:W\/)?"[\x21\x23-\x7e]*"$/.test(value),
  'content-type': (value) => /^[\w.+-]+\/[\w.+-]+(?:; ?[\w-]+=[\w-]+)*$/.test(value),
};

/** Values that no field has: an internal value was printed. */
const INTERNAL_VALUE = /\b(?:NaN|Infinity|undefined|null)\b|\[object /;
const VISIBLE_ASCII = /^[\t\x20-\x7e]*$/;

/** @returns one sentence for each value that must not be sent */
export function* findHeaderFaults(name: string, value: string): Iterable<string> {
  const shown = `${name}: ${JSON.stringify(value)}`;
  if (INTERNAL_VALUE.test(value)) yield `${shown} has an internal value`;
  if (!VISIBLE_ASCII.test(value)) yield `${shown} has characters outside of ASCII (RFC 9110 §5.5)`;
  if (RULES[name.toLowerCase()]?.(value) === false) yield `${shown} is malformed`;
}

/** Members of answers and of JWTs that are seconds: a lifetime or a time since 1970. */
const SECONDS = /"(?:exp|iat|nbf|auth_time|ttl|[a-z_]*expires_(?:in|at))":(?!\{)([^,}\]\s]*)/g;

function* findBodyFaults(body: string): Iterable<string> {
  for (const [member, value = ''] of body.matchAll(SECONDS)) {
    if (!isWhole(value, 0, 1e11)) yield `${member} is no whole number of seconds`;
  }
}

/** Looks at all answers of a server: no header and no time in a JSON body may have an internal value. */
export class AnswerWatch {
  private readonly faults = new Set<string>();

  constructor(server: Server) {
    server.prependListener('request', (request, response) => this.watch(request, response));
  }

  /** @throws {Error} that lists the values that must not be sent */
  assertSound(): void {
    if (this.faults.size > 0) throw new Error([...this.faults].join('\n'));
  }

  private watch({ method, url }: IncomingMessage, response: ServerResponse): void {
    const add = (faults: Iterable<string>) => {
      for (const fault of faults) this.faults.add(`${method} ${url}: ${fault}`);
    };
    const writeHead = response.writeHead.bind(response);
    response.writeHead = (...parts: unknown[]) => {
      for (const [name, value] of listHeaders(response, parts.at(-1))) {
        for (const entry of [value].flat()) add(findHeaderFaults(name, String(entry)));
      }
      return Reflect.apply(writeHead, response, parts);
    };
    const end = response.end.bind(response);
    response.end = (...parts: unknown[]) => {
      const [body] = parts;
      if (typeof body === 'string' && body.startsWith('{')) add(findBodyFaults(body));
      return Reflect.apply(end, response, parts);
    };
  }
}

const listHeaders = (response: ServerResponse, given: unknown): [string, unknown][] => [
  ...Object.entries(response.getHeaders()),
  ...(typeof given === 'object' && given !== null ? Object.entries(given) : []),
];
