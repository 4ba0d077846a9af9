import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { generateClientSecret } from '../../clients/client-secret.js';

/**
 * What a seed knows, by name: made at the first start and kept in a file, so that no secret is in the code. Its lines can be
 * sourced by a shell.
 */
export class CredentialsFile {
  private isSaved = true;

  private constructor(
    private readonly file: string,
    private readonly values: Map<string, string>,
  ) {}

  static async open(file: string): Promise<CredentialsFile> {
    const values = await readFile(file, 'utf8').then(
      parseCredentials,
      () => new Map<string, string>(),
    );
    return new CredentialsFile(file, values);
  }

  /** The value of this name; where there is none, a new one. */
  getOrCreate(name: string, make: () => string = generateClientSecret): string {
    const known = this.values.get(name);
    if (known !== undefined) return known;
    const made = make();
    this.values.set(name, made);
    this.isSaved = false;
    return made;
  }

  /** Writes the file where something was made. */
  async save(): Promise<void> {
    if (this.isSaved) return;
    await mkdir(dirname(this.file), { recursive: true });
    const lines = [...this.values].map(([name, value]) => `${name}=${value}\n`);
    await writeFile(this.file, lines.join(''), { mode: 0o600 });
    this.isSaved = true;
  }
}

function parseCredentials(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line.includes('='));
  return new Map(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=')];
    }),
  );
}
