/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Files for VS Code and dev containers, and templates of GitHub',
  paths: [
    ...['.devcontainer', '.vscode'],
    ...['CODEOWNERS', 'ISSUE_TEMPLATE', 'pull_request_template.md'].map(
      (name) => `.github/${name}`,
    ),
  ],
  edits: [],
  needs: ['library-tests'],
};
