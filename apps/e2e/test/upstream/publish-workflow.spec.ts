import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../support/workspace.js';

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly on: { readonly push: { readonly tags: readonly string[] } };
  readonly permissions: object;
  readonly jobs: {
    readonly publish: { readonly permissions: object; readonly steps: readonly Step[] };
  };
}

describe('The workflow that publishes the guards', () => {
  let workflow: Workflow;

  beforeAll(async () => {
    workflow = parse(await readFile(join(ROOT, '.github/workflows/publish-guards.yml'), 'utf8'));
  });

  it('runs for tags of the guards, with the permissions that provenance needs and no others', () => {
    expect(workflow.on).toEqual({ push: { tags: ['guards-v*'] } });
    expect(workflow.permissions).toEqual({});
    expect(workflow.jobs.publish.permissions).toEqual({ contents: 'read', 'id-token': 'write' });
  });

  it('pins each action to a full commit', () => {
    const actions = workflow.jobs.publish.steps.flatMap(({ uses }) => uses ?? []);

    expect(actions.length).toBeGreaterThan(0);
    for (const action of actions) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
  });

  it('inserts nothing of the event into a shell script', () => {
    for (const { run } of workflow.jobs.publish.steps) expect(run ?? '').not.toContain('${{');
  });
});
