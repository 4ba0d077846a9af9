import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { newClientSecret } from '../clients/client-secret.js';

/**
 * What a seed knows, by name: made at the first start and kept in a file, so that no secret is in the code. Its lines can be
 * sourced by a shell.
 */
export class KeptCredentials {
  private isComplete = true;

  private constructor(
    private readonly file: string,
    private readonly values: Map<string, string>,
  ) {}

  static async open(file: string): Promise<KeptCredentials> {
    const values = await readFile(file, 'utf8').then(parse, () => new Map<string, string>());
    return new KeptCredentials(file, values);
  }

  /** The value of this name; where there is none, a new one. */
  get(name: string, make: () => string = newClientSecret): string {
    const known = this.values.get(name);
    if (known !== undefined) return known;
    const made = make();
    this.values.set(name, made);
    this.isComplete = false;
    return made;
  }

  /** Writes the file where something was made. */
  async keep(): Promise<void> {
    if (this.isComplete) return;
    await mkdir(dirname(this.file), { recursive: true });
    const lines = [...this.values].map(([name, value]) => `${name}=${value}\n`);
    await writeFile(this.file, lines.join(''), { mode: 0o600 });
    this.isComplete = true;
  }
}

function parse(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line.includes('='));
  return new Map(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=')];
    }),
  );
}
