import { dropJson, dropLines } from '../edits.mjs';

const DOCS = [
  ...[
    'abuse',
    'backups',
    'clients',
    'conformance',
    'guarantees',
    'operations',
    'replicas',
    'revocation',
  ],
  ...['scale', 'security-events', 'sessions', 'which-token'],
  ...['flows/authorize', 'flows/key-rotation', 'flows/login', 'flows/logout', 'flows/refresh'],
  ...['recipes/add-a-scope', 'recipes/another-issuer', 'recipes/mcp'],
].map((name) => `docs/${name}.md`);

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'The authorization server: without it, services accept the tokens of another issuer',
  paths: ['apps/auth', 'apps/e2e', 'tools/ops', 'deploy/k8s/base/auth.yaml', ...DOCS],
  edits: [
    dropLines('tools/workspace.mjs', /^ {2}auth: \d+,$/),
    dropLines('tools/run.mjs', /^ {2}ops: /),
    dropJson('package.json', ['scripts', 'ops']),
    dropLines('eslint.config.mjs', /'apps\/e2e\/(output|src\/contracts)'|^ {4}'apps\/e2e\/\*\*',$/),
  ],
  // The samples sign in at this server.
  needs: ['web', 'orders', 'billing', 'demo', 'docker', 'kubernetes'],
};
