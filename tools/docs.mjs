/**
 * `npm run docs:build` writes the documents that are generated from the code. `npm run docs:check` (`--check`) writes
 * nothing, and fails when one of them differs, or when any document says what is not so. Both read what was built.
 * An API that breaks its clients is not written without `--accept-breaking "why"`, which docs/api-changes.md keeps.
 */
import { parseArgs } from 'node:util';
import { requireNode } from './node-version.mjs';

requireNode();
const { runTool } = await import('./terminal/failure.mjs');

await runTool(async () => {
  const { values } = parseArgs({
    options: {
      check: { type: 'boolean', default: false },
      'accept-breaking': { type: 'string' },
    },
  });
  if (values.check) return (await import('./docs/run-checks.mjs')).runChecks();
  await (
    await import('./docs/acknowledgement.mjs')
  ).requireAcknowledgement(values['accept-breaking']);
  await (await import('./docs/generated-documents.mjs')).writeGeneratedDocuments();
});
