import { defineConfig, globalIgnores } from 'eslint/config';
import prettier from 'eslint-config-prettier/flat';
import { authFolders } from './tools/eslint/auth-arrows.mjs';
import { boundaries } from './tools/eslint/boundaries.mjs';
import { edges } from './tools/eslint/edges.mjs';
import { sizes } from './tools/eslint/sizes.mjs';
import { typescript } from './tools/eslint/typescript.mjs';

export default defineConfig(
  globalIgnores([
    '**/node_modules',
    '**/dist',
    'data',
    '.nx',
    'bench/results',
    'apps/e2e/output',
    'apps/e2e/src/contracts',
  ]),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  typescript,
  boundaries,
  authFolders,
  edges,
  sizes,
  prettier,
);
