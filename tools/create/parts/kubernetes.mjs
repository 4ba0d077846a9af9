/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Kubernetes manifests',
  paths: ['apps/e2e/test/units/kubernetes-manifests.spec.ts', 'deploy/k8s'],
  edits: [],
};
