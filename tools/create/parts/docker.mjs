import { dropSection } from '../edits.mjs';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Docker images, and Docker Compose with PostgreSQL',
  paths: [
    ...['Dockerfile', '.dockerignore', 'docker-compose.yml'],
    ...['postgres', 'proxy', 'secrets'].map((name) => `deploy/${name}`),
    'tools/containers',
    ...['docs/docker.md', 'docs/images/dashboard.png', 'deploy/monitoring'],
    'apps/e2e/test/units/compose.spec.ts',
    'apps/e2e/test/samples/monitoring.slow.spec.ts',
    'apps/e2e/test/support/prometheus-expression.ts',
  ],
  edits: [
    // Its text and its alerts are about deploy/monitoring.
    dropSection('docs/observability.md', '## Dashboard and alerts'),
    {
      file: 'tools/run.mjs',
      change: (text) => text.replace(/^ {2}containers: .*\n/gm, ''),
    },
    {
      // The file of a created project does not have this sentence.
      file: '.env.example',
      change: (text) =>
        text.replace(/ Docker Compose reads \.env beside docker-compose\.yml\./, ''),
    },
  ],
  // The manifests name the images.
  needs: ['kubernetes'],
};
