import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startStack } from '../support/stack.js';
import { ROOT } from '../support/workspace.js';

interface HttpRequest {
  readonly title: string;
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Reads the part of the format that both editors share: file variables, names, and one request in each section. */
function parse(text: string): { variables: Map<string, string>; requests: HttpRequest[] } {
  const [head = '', ...sections] = text.split(/^### /m);
  const variables = new Map(
    [...head.matchAll(/^@(\w+) = (.*)$/gm)].map(([, name = '', value = '']) => [name, value]),
  );
  return { variables, requests: sections.map(parseSection) };
}

function parseSection(section: string): HttpRequest {
  const [title = '', ...lines] = section.split('\n');
  const [head, body] = readParts(lines.filter((line) => !line.startsWith('#')).join('\n'));
  const [start = '', ...fields] = head.split('\n');
  const [method = '', url = ''] = start.split(' ');
  const headers = Object.fromEntries(fields.filter(Boolean).map((field) => field.split(': ')));
  const name = /^# @name (\w+)$/m.exec(section)?.[1];
  return { title, name: name ?? title, method, url, headers, body };
}

function readParts(text: string): [head: string, body: string] {
  const [head = '', body = ''] = text.split('\n\n');
  return [head, body.trim()];
}

it('gatehouse.http gets the answers that it names, from the running stack', async () => {
  const stack = await startStack({}, { hasOwnAudiences: true });
  const { variables, requests } = parse(await readFile(join(ROOT, 'gatehouse.http'), 'utf8'));
  for (const app of ['auth', 'orders', 'billing'] as const) variables.set(app, stack[app].url);
  const bodies = new Map<string, Record<string, unknown>>();
  const fill = (text: string): string =>
    text.replace(/\{\{([\w.]+)\}\}/g, (_, path: string) => {
      const [, request = '', member = ''] = /^(\w+)\.response\.body\.(\w+)$/.exec(path) ?? [];
      return request ? String(bodies.get(request)?.[member]) : fill(variables.get(path) ?? '');
    });
  for (const { title, name, method, url, headers, body } of requests) {
    const filled = Object.entries(headers).map(([key, value]) => [key, fill(value)]);
    const answer = await fetch(fill(url), {
      method,
      headers: Object.fromEntries(filled),
      body: fill(body) || null,
    });
    bodies.set(name, JSON.parse((await answer.text()) || '{}'));
    expect(`${title}: ${answer.status}`).toBe(`${title}: ${title.slice(-3)}`);
  }
  expect(requests).toHaveLength(8);
});
