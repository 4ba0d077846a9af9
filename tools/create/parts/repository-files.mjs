/** @type {import('../parts.mjs').Part} */
export const part = {
  title:
    'Files for VS Code, dev containers, Renovate and security reports, and templates of GitHub',
  paths: [
    ...['.devcontainer', '.vscode', 'SECURITY.md', '.github/renovate.json'],
    ...['continuous-integration', 'upgrade-dependencies'].map((name) => `docs/recipes/${name}.md`),
    ...['CODEOWNERS', 'ISSUE_TEMPLATE', 'pull_request_template.md'].map(
      (name) => `.github/${name}`,
    ),
  ],
  edits: [],
  needs: ['library-tests'],
};
