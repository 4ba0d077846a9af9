import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../support/workspace.js';

it('The workflow that publishes the guards runs for their tags, with the permissions that provenance needs', async () => {
  const file = join(ROOT, '.github/workflows/publish-guards.yml');
  const workflow = parse(await readFile(file, 'utf8'));

  expect(workflow.on).toEqual({ push: { tags: ['guards-v*'] } });
  expect(workflow.permissions).toEqual({});
  expect(workflow.jobs.publish.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
});
