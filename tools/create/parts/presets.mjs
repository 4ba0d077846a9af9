import { dropLines, dropSection } from '../edits.mjs';

const GUARDS = 'libs/guards';

/** @type {import('../parts.mjs').Part} */
export const part = {
  title: 'Presets for Auth0, Cognito, Entra ID, Keycloak, Okta and better-auth',
  paths: [`${GUARDS}/src/presets`, 'docs/issuers.md'],
  edits: [
    dropLines(`${GUARDS}/src/index.ts`, /\/presets\//),
    dropLines(`${GUARDS}/README.md`, /\| `presets` /),
    dropSection(`${GUARDS}/README.md`, '## Several issuers'),
    dropLines('tools/guards-copy/parts.mjs', /^ {2}presets:/),
  ],
  needs: ['library-tests'],
};
