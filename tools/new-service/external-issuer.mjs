import { Failure } from '../terminal/command.mjs';

/** @typedef {Map<string, string>} Texts by path in the folder of the service */

/**
 * By the name of a preset: the function of the guards, an example of an issuer, and the options from the path of the issuer. The
 * pattern is for the issuer.
 *
 * @type {Record<string, { call: string, issuer: RegExp, example: string }>}
 */
const PRESETS = {
  auth0: {
    call: 'auth0',
    issuer: /^https:\/\/(?<domain>[^/]+)\/?$/,
    example: 'https://example.eu.auth0.com/',
  },
  'better-auth': {
    call: 'betterAuth',
    issuer: /^(?<url>https:\/\/[^/]+)(?<path>\/.+)$/,
    example: 'https://app.example.com/api/auth',
  },
  cognito: {
    call: 'cognito',
    issuer: /^https:\/\/cognito-idp\.(?<region>[^.]+)\.amazonaws\.com\/(?<userPoolId>[^/]+)$/,
    example: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI',
  },
  'entra-id': {
    call: 'entraId',
    issuer: /^https:\/\/login\.microsoftonline\.com\/(?<tenantId>[^/]+)\/v2\.0$/,
    example: 'https://login.microsoftonline.com/8f0e2b5c-1111-4222-8333-944445555666/v2.0',
  },
  keycloak: {
    call: 'keycloak',
    issuer: /^(?<url>https:\/\/.+)\/realms\/(?<realm>[^/]+)$/,
    example: 'https://sso.example.com/realms/shop',
  },
  okta: {
    call: 'okta',
    issuer: /^https:\/\/(?<domain>[^/]+)\/oauth2\/(?<authorizationServerId>[^/]+)$/,
    example: 'https://example.okta.com/oauth2/default',
  },
};

/**
 * Options that the issuer does not contain.
 *
 * @type {Record<string, string[]>}
 */
const OTHER_OPTIONS = {
  'better-auth': ["plugin: 'oauth-provider'"],
  cognito: ["// The ids of the app clients of the pool.\n  clientIds: ['your-client-id']"],
  'entra-id': ["version: '2.0'"],
};

/**
 * With a preset, the service accepts tokens in the form of that product, and its tests make such tokens.
 *
 * @param {Texts} texts
 * @param {{ issuer?: string, preset?: string }} trust
 * @returns {Texts}
 * @throws {Failure} when the issuer is not one of that product
 */
export function withExternalIssuer(texts, { issuer = '', preset }) {
  if (preset === undefined) return texts;
  const { call, issuer: pattern, example } = PRESETS[preset] ?? {};
  if (!call) {
    const names = Object.keys(PRESETS).join(', ');
    throw new Failure(`preset: one of ${names}, not "${preset}".`);
  }
  const values = pattern.exec(issuer)?.groups;
  if (!values) throw new Failure(`issuer: for ${preset} one like ${example}, not "${issuer}".`);
  const options = [
    ...Object.entries(values).map(([name, value]) => `${name}: '${value}'`),
    ...(OTHER_OPTIONS[preset] ?? []),
  ];
  const constant = `export const PRESET = ${call}({\n${options.map((each) => `  ${each},\n`).join('')}});`;
  return new Map(
    [...texts].map(([path, text]) => [path, changedBy(path, text, { call, constant })]),
  );
}

/** @param {string} path @param {string} text @param {{ call: string, constant: string }} preset */
function changedBy(path, text, { call, constant }) {
  if (path === 'src/access.ts') {
    return replaceAll(text, [
      ['import type { GuardsOptions }', `import { ${call}, type GuardsOptions }`],
      [
        '/**\n * Says',
        `/** The form of the tokens: docs/issuers.md. */\n${constant}\n\n/**\n * Says`,
      ],
      ['  issuer: config', '  ...PRESET,\n  issuer: config'],
    ]);
  }
  if (!path.startsWith('test/support/running-')) return text;
  return replaceAll(text, [
    ['TestIssuer.start({ audience', 'TestIssuer.as(PRESET, { audience'],
    ['import { AppModule }', "import { PRESET } from '../../src/access.js';\nimport { AppModule }"],
  ]);
}

/** @param {string} text @param {[from: string, to: string][]} changes */
function replaceAll(text, changes) {
  return changes.reduce((changing, [from, to]) => {
    if (!changing.includes(from)) throw new Failure(`The template of a service lacks "${from}".`);
    return changing.replace(from, () => to);
  }, text);
}
