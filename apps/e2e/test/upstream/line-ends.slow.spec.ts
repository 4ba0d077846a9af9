import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTemporaryFolder } from '../support/cleanup.js';
import { ROOT } from '../support/workspace.js';

describe('a checkout on Windows (core.autocrlf=true)', () => {
  it('keeps the line ends of the repository in every file', async () => {
    const folder = join(await createTemporaryFolder(), 'checkout');
    const git = (...words: string[]) =>
      execFileSync('git', words, { encoding: 'utf8', maxBuffer: 1 << 26 });
    git('-c', 'core.autocrlf=true', 'clone', '--quiet', '--shared', ROOT, folder);
    const files = git('-C', folder, 'ls-files', '--eol').trim().split('\n');
    expect(files.length).toBeGreaterThan(500);
    expect(files.filter((line) => line.includes('w/crlf'))).toEqual([]);
    const list = readFileSync(join(folder, 'apps/auth/src/accounts/common-passwords.txt'), 'utf8');
    expect(list).toContain('\nstarwars\n');
  });
});
