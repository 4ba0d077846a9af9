import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';

export interface ClientFile {
  readonly content: Buffer;
  readonly type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
};

/**
 * The built client, read once at start. This is our own code and not @fastify/static, because a lookup in a map cannot leave
 * its folder, and the client is smaller than one photo.
 */
export class ClientFiles {
  private readonly files = new Map<string, ClientFile>();

  constructor(folder: string) {
    if (!existsSync(folder)) return;
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const type = TYPES[extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      const file = join(entry.parentPath, entry.name);
      const path = `/${relative(folder, file).replaceAll(sep, '/')}`;
      this.files.set(path, { content: readFileSync(file), type });
    }
  }

  /** @param path begins with a slash, without a query */
  find(path: string): ClientFile | undefined {
    return this.files.get(path);
  }
}
