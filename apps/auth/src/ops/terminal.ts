import { createInterface } from 'node:readline';

/** Where an operation was asked for: the process's streams, or a test's. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  readonly errors: NodeJS.WritableStream;
}

export const TERMINAL = Symbol('TERMINAL');

/** The first line of what is piped in. */
export async function firstLine({ input }: Terminal): Promise<string> {
  for await (const line of createInterface({ input })) return line;
  return '';
}
