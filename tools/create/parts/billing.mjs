import { dropLines, replaceText } from '../edits.mjs';
import { serviceEdits } from '../service-edits.mjs';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'The sample service billing',
  paths: ['apps/billing', 'deploy/k8s/base/billing.yaml', 'tools/create/service-edits.mjs'],
  edits: [
    ...serviceEdits('billing', 3002),
    dropLines('docs/docker.md', /^\| billing |, so billing takes no payments/),
    // Without services of its own, the policy would name none.
    replaceText(
      'deploy/k8s/base/network-policies.yaml',
      /\{ key: app\.kubernetes\.io\/name, operator: In, values: \[\] \}/,
      '{ key: app.kubernetes.io/part-of, operator: In, values: [gatehouse] }',
    ),
  ],
  // Orders calls billing.
  needs: ['orders', 'demo'],
};
