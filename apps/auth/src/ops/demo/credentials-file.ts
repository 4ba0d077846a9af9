import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { generateClientSecret } from '../../clients/registered-credentials.js';

/**
 * The credentials of a seed, by name. They are generated at the first start and kept in a file that a shell can source, so that
 * the code contains no secret.
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

  /** Returns the value of this name, and creates it if it does not exist. */
  getOrCreate(name: string, create: () => string = generateClientSecret): string {
    const existing = this.values.get(name);
    if (existing !== undefined) return existing;
    const created = create();
    this.values.set(name, created);
    this.isSaved = false;
    return created;
  }

  /** Writes the file if a value was created. */
  async save(): Promise<void> {
    if (this.isSaved) return;
    await mkdir(dirname(this.file), { recursive: true });
    const lines = [...this.values].map(([name, value]) => `${name}=${value}\n`);
    await writeFile(this.file, lines.join(''), { mode: 0o600 });
    this.isSaved = true;
  }
}

function parseCredentials(text: string): Map<string, string> {
  const lines = text.split(/\r?\n/).filter((line) => line.includes('='));
  return new Map(
    lines.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=')];
    }),
  );
}
